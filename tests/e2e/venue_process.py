"""A real venue_sim process for tests: started, waited for, killed, started again; never left behind."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
READY_S = 45.0


class VenueProcess:
    """``with VenueProcess(run_dir) as venue: venue.url``. ``flags`` are handed on to services.venue_sim."""

    def __init__(self, run_dir: Path, *flags: str) -> None:
        self.run_dir = run_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._flags = flags
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> "VenueProcess":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        argv = [sys.executable, "-m", "services.venue_sim", "--run-dir", str(self.run_dir), "--port", str(self.port)]
        argv += ["--data-dir", str(self.run_dir / "data"), *self._flags]
        self._process = subprocess.Popen(argv, cwd=REPO)
        deadline = time.monotonic() + READY_S
        while not self._answers("/readyz"):
            assert self._process.poll() is None, f"venue_sim ended with {self._process.returncode}: {self.log()}"
            assert time.monotonic() < deadline, f"venue_sim was not ready within {READY_S} s: {self.log()}"
            time.sleep(0.05)

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(12)
        self._process = None
        return code

    def credentials(self, account_id: str = "manual") -> dict[str, str]:
        """api_key, secret and passphrase of a venue account."""
        return json.loads((self.run_dir / "secrets" / "venue_accounts.json").read_text())[account_id]

    def admin(self, path: str, body: dict | None = None):
        """GET, or POST of a body, with the admin token."""
        data = None if body is None else json.dumps(body).encode()
        token = (self.run_dir / "secrets" / "admin_token").read_text().strip()
        request = urllib.request.Request(self.url + path, data=data, headers={"X-Hbot-Admin": token})
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def log(self) -> str:
        path = self.run_dir / "logs" / "venue_sim.log"
        return path.read_text()[-2000:] if path.exists() else "no log"

    def _answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(self.url + path, timeout=2) as response:
                return response.status == 200
        except (urllib.error.URLError, OSError):
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ccxt_bitget(venue: VenueProcess, account_id: str = "manual"):
    """The unmodified ccxt client; only its addresses are set."""
    import ccxt

    key = venue.credentials(account_id)
    exchange = ccxt.bitget({"apiKey": key["api_key"], "secret": key["secret"], "password": key["passphrase"]})
    exchange.urls["api"] = {
        name: value if isinstance(value, dict) else venue.url for name, value in exchange.urls["api"].items()
    }
    return exchange
