"""``<run-dir>/addresses.json``: where every process of the desk listens. Written by the supervisor, read by everyone.

    {"desk": {"pid", "started_ms", "mode", "bots"}, "redis_url": …, "postgres_url": …,
     "processes": {"gateway": {"pid", "port", "url", "started_ms", "restarts", "state"}, …}}

Process names: venue_sim, gateway, event_store, desk_api, bot.<bot id>, redis, postgres. A port stays the same over
restarts of its process, so whoever has read an address once may keep it for the life of the desk.
"""

import os
from pathlib import Path

import msgspec

FILE_NAME = "addresses.json"


class ProcessAddress(msgspec.Struct, frozen=True, kw_only=True):
    pid: int  # 0 while it is not running
    port: int = 0  # 0: unix socket only
    url: str = ""  # "http://127.0.0.1:40001"
    started_ms: int = 0
    restarts: int = 0
    state: str = "starting"  # "starting", "ready", "dead", "stopped"


class DeskProcess(msgspec.Struct, frozen=True, kw_only=True):
    pid: int
    started_ms: int
    mode: str = "sim"
    bots: tuple[str, ...] = ()


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    desk: DeskProcess
    redis_url: str = ""
    postgres_url: str = ""
    processes: dict[str, ProcessAddress] = {}

    def url(self, name: str) -> str | None:
        """Base URL of a process, None when the desk does not run one of that name."""
        process = self.processes.get(name)
        return process.url if process and process.url else None


def read_addresses(run_dir: Path) -> Addresses | None:
    """None when no desk has written there yet. Raises msgspec.DecodeError on a file that is not ours."""
    try:
        raw = (run_dir / FILE_NAME).read_bytes()
    except FileNotFoundError:
        return None
    return msgspec.json.decode(raw, type=Addresses)


def write_addresses(run_dir: Path, addresses: Addresses) -> None:
    """Replace the file in one step: a reader sees the old one or the new one."""
    temporary = run_dir / f".{FILE_NAME}.{os.getpid()}"
    temporary.write_bytes(msgspec.json.format(msgspec.json.encode(addresses), indent=2) + b"\n")
    temporary.replace(run_dir / FILE_NAME)
