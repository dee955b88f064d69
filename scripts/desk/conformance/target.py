"""A venue of one's own to be tried: a venue_sim process in a temporary run directory, stopped when done; and the same
behind a gateway.
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

from scripts.desk.bench_gateway import wide_open
from scripts.desk.places import REPO
from services.common.errors import DeskError
from services.common.net import free_port
from services.common.ports import Clock

READY_MS = 45_000
STOP_S = 12


class Key(NamedTuple):
    api_key: str
    secret: str
    passphrase: str


class Target:
    """``with Target(clock) as target``: started and ready; ``flags`` go to services.venue_sim."""

    def __init__(self, clock: Clock, *flags: str) -> None:
        self._clock = clock
        self._flags = flags
        self._directory = tempfile.TemporaryDirectory(prefix="hb")
        self.run_dir = Path(self._directory.name)
        self.port = free_port()
        self.url = self.venue_url = f"http://127.0.0.1:{self.port}"
        self.account_id = "manual"  # whose orders the cards are
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Target":
        try:
            self.start()
        except (DeskError, OSError, KeyboardInterrupt):
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._directory.cleanup()

    def start(self) -> None:
        self._process = self._started("venue_sim", self.port, *self._flags)

    def kill(self) -> None:
        """kill -9: the venue has to survive it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_S)
            self._process = None

    def key(self) -> Key:
        """What the client signs with."""
        return self._key("venue_accounts.json")

    def _key(self, file_name: str) -> Key:
        accounts = json.loads((self.run_dir / "secrets" / file_name).read_text())
        return Key(**accounts[self.account_id])

    def admin(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """GET of the venue's own address, or POST of a body."""
        token = (self.run_dir / "secrets" / "admin_token").read_text().strip()
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.venue_url + path, data=data, headers={"X-Hbot-Admin": token})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def _started(self, name: str, port: int, *flags: str) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-m", f"services.{name}", "--run-dir", str(self.run_dir), "--port", str(port), *flags]
        process = subprocess.Popen(argv, cwd=REPO, stdout=subprocess.DEVNULL)
        deadline_ms = self._clock.monotonic_ms() + READY_MS
        while not _is_ready(port):
            if process.poll() is not None or self._clock.monotonic_ms() > deadline_ms:
                process.kill()
                log = self.run_dir / "logs" / f"{name}.log"
                raise DeskError("CONFORMANCE_TARGET", f"{name} did not get ready", f"read {log}")
            time.sleep(0.05)
        return process


class GatewayTarget(Target):
    """The venue behind a gateway whose counting limits are out of the way: the cards are a bot's, and so is the key."""

    def __init__(self, clock: Clock, *flags: str) -> None:
        super().__init__(clock, *flags)
        self.account_id = "bot1"
        self.gateway_port = free_port()
        self.url = f"http://127.0.0.1:{self.gateway_port}"
        self._gateway: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "GatewayTarget":
        super().__enter__()
        flags = ("--venue-url", self.venue_url, "--bots", self.account_id, "--set", "record_tape=false")
        try:
            data_dir = wide_open(self.run_dir)
            self._gateway = self._started("gateway", self.gateway_port, "--data-dir", str(data_dir), *flags)
        except (DeskError, OSError, KeyboardInterrupt):
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._gateway is not None:
            self._gateway.kill()
            self._gateway.wait(STOP_S)
        super().__exit__()

    def key(self) -> Key:
        return self._key("bot_keys.json")


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
