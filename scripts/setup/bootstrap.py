"""Make .venv from the hash-pinned locks. Runs on a bare Python: standard library only.

    python3.11 scripts/setup/bootstrap.py desk|dev

Does nothing, in a few milliseconds, when .venv already holds the lock: a stamp file keeps the lock's hash.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
VENV = REPO / ".venv"
STAMP = VENV / "desk-lock.json"
LOG = VENV / "install.log"
LOCKS = {"desk": REPO / "requirements" / "desk.txt", "dev": REPO / "requirements" / "dev.txt"}
HEARTBEAT_S = 15
SHOWN = ("Building", "Built", "Downloading", "Prepared", "Installed", "Uninstalled", "error", "warning")


def lock_hash(name: str) -> str:
    """Hash of the lock, of this project's own packaging and of the Python that runs it."""
    digest = hashlib.sha256()
    for path in (LOCKS[name], REPO / "pyproject.toml"):
        digest.update(path.read_bytes())
    digest.update(f"{sys.version_info[:2]} {REPO}".encode())
    return digest.hexdigest()


def installed() -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
        return stamp
    except (OSError, ValueError):
        return {}


def is_current(name: str) -> bool:
    stamp = installed()
    if not (VENV / "bin" / "desk").exists():
        return False
    # The dev lock holds everything of the desk lock with the same pins, so it serves for both.
    return stamp.get(name) == lock_hash(name) or (name == "desk" and stamp.get("dev") == lock_hash("dev"))


def fail(text: str, fix: str) -> None:
    print(f"{text}\nNext: {fix}", file=sys.stderr)
    sys.exit(1)


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def run(argv: list[str], what: str, fix: str, env: dict[str, str] | None = None) -> None:
    """Run a command, show its milestones, and a heartbeat so that a long build is seen to live."""
    started = time.monotonic()
    last_shown = [started]
    done = threading.Event()

    def heartbeat() -> None:
        while not done.wait(1):
            if time.monotonic() - last_shown[0] >= HEARTBEAT_S:
                last_shown[0] = time.monotonic()
                say(f"… {what}: {time.monotonic() - started:.0f} s")

    threading.Thread(target=heartbeat, daemon=True).start()
    with (
        LOG.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            argv, cwd=REPO, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            if line.strip().startswith(SHOWN):
                last_shown[0] = time.monotonic()
                say(line.strip())
    done.set()
    if process.returncode != 0:
        tail = "\n".join(LOG.read_text(encoding="utf-8").splitlines()[-15:])
        fail(f"INSTALL_FAILED: {what} ended with {process.returncode}; the last lines of {LOG}:\n{tail}", fix)


def check_machine() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  (this file runs on whatever Python there is)
        fail(f"PYTHON_TOO_OLD: {sys.version.split()[0]}, the desk needs 3.11 or newer", "install python3.11")
    if not any(shutil.which(name) for name in ("g++", "clang++", "c++")):
        fail(
            "COMPILER_MISSING: Hummingbot is built from source and no C++ compiler (g++, clang++) is on the PATH",
            "install one, on Debian: apt-get install g++",
        )
    free_gib = shutil.disk_usage(REPO).free / 2**30
    if free_gib < 4:
        fail(f"DISK_FULL: {free_gib:.1f} GiB free beside {REPO}, the installation needs 4", "free some space")


def install_project(uv: str) -> None:
    """The `desk` command and a path entry: the repository itself stays the only copy of the code."""
    run(
        [uv, "pip", "install", "--python", str(VENV / "bin" / "python"), "--offline", "--no-deps",
         "--no-build-isolation", "--config-settings", "editable_mode=compat", "-e", "."],
        "installing the desk command",
        "rm -rf .venv and try again",
    )  # fmt: skip


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "desk"
    if is_current(name):
        return
    check_machine()
    started = time.monotonic()
    first = not (VENV / "bin" / "python").exists()
    if first:
        say("first start: making .venv; Hummingbot is compiled once, about three minutes on two cores")
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            shutil.rmtree(VENV, ignore_errors=True)
            fail(
                f"VENV_FAILED: {(made.stdout + made.stderr).strip()[-600:]}",
                "install Python's venv module, on Debian: apt-get install python3.11-venv",
            )
    else:
        say("the lock changed: bringing .venv up to date")
    STAMP.unlink(missing_ok=True)
    python = str(VENV / "bin" / "python")
    uv = str(VENV / "bin" / "uv")
    if not Path(uv).exists():
        if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode != 0:
            run([python, "-m", "ensurepip"], "adding pip", "rm -rf .venv and try again")
        run(
            [python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements/bootstrap.txt"],
            "installing uv",
            "check that `pip download uv` works on this machine",
        )
    # A cold network should not end the installation: uv's default of 30 s a request is short for large wheels.
    env = {**os.environ, "UV_HTTP_TIMEOUT": os.environ.get("UV_HTTP_TIMEOUT", "300")}
    run(
        [uv, "pip", "install", "--python", python, "--no-deps", "--require-hashes", "-r", str(LOCKS[name])],
        "installing the lock and building Hummingbot",
        f"read {LOG}, then try again",
        env,
    )
    install_project(uv)
    stamp = {name: lock_hash(name)}
    STAMP.write_text(json.dumps(stamp))
    say(f"installed in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
