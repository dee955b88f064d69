"""A venue of one's own to be tried: a venue_sim process in a temporary run directory, stopped when done."""

import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

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
        self.url = f"http://127.0.0.1:{self.port}"
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
        argv = [sys.executable, "-m", "services.venue_sim", "--run-dir", str(self.run_dir), "--port", str(self.port)]
        self._process = subprocess.Popen([*argv, *self._flags], cwd=REPO, stdout=subprocess.DEVNULL)
        deadline_ms = self._clock.monotonic_ms() + READY_MS
        while not self._is_ready():
            if self._process.poll() is not None or self._clock.monotonic_ms() > deadline_ms:
                log = self.run_dir / "logs" / "venue_sim.log"
                raise DeskError("CONFORMANCE_TARGET", "venue_sim did not get ready", f"read {log}")
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9: the venue has to survive it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_S)
            self._process = None

    def key(self, account_id: str) -> Key:
        accounts = json.loads((self.run_dir / "secrets" / "venue_accounts.json").read_text())
        return Key(**accounts[account_id])

    def admin(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """GET, or POST of a body."""
        token = (self.run_dir / "secrets" / "admin_token").read_text().strip()
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers={"X-Hbot-Admin": token})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False
