import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from services.common.embedded import PostgresServer, RedisServer
from services.common.embedded.server import socket_dir, wheel_file
from services.common.errors import DeskError

Server = RedisServer | PostgresServer


@pytest.fixture(params=[RedisServer, PostgresServer])
def server(request: pytest.FixtureRequest, run_dir: Path) -> Iterator[Server]:
    made: Server = request.param(run_dir)
    made.start()
    yield made
    made.stop()


def put(server: Server, value: str) -> None:
    if isinstance(server, RedisServer):
        redis.Redis.from_url(server.url).set("key", value)
    else:
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS t (v text)")
            connection.execute("INSERT INTO t VALUES (%s)", (value,))


def get(server: Server) -> str:
    if isinstance(server, RedisServer):
        return redis.Redis.from_url(server.url).get("key").decode()
    with psycopg.connect(server.url) as connection:
        return connection.execute("SELECT v FROM t").fetchone()[0]


def test_it_is_adopted_by_the_next_life_of_the_desk_not_doubled(server: Server, run_dir: Path) -> None:
    pid = server.status().pid
    next_life = type(server)(run_dir)
    assert next_life.start() == server.url
    assert next_life.status().pid == pid
    next_life.stop()
    assert not server.status().is_running
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_what_was_written_survives_a_kill_and_a_stop(server: Server) -> None:
    put(server, "kept")
    pid = server.status().pid
    os.kill(pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(pid)], timeout=5)
    assert not server.status().is_running
    server.start()
    assert get(server) == "kept"
    server.stop()
    server.start()
    assert get(server) == "kept"


def test_it_lives_in_a_session_of_its_own_and_listens_on_no_port(server: Server) -> None:
    process = psutil.Process(server.status().pid)
    assert os.getsid(process.pid) == process.pid
    assert [c for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN] == []


def test_a_stale_pid_of_another_program_is_not_taken_for_the_server(run_dir: Path) -> None:
    (run_dir / "redis").mkdir()
    (run_dir / "redis" / "redis.pid").write_text(f"{os.getpid()}\n")
    server = RedisServer(run_dir)
    assert not server.status().is_running
    server.start()
    assert server.status().pid != os.getpid()
    server.stop()


def test_a_path_too_long_for_a_socket_gets_a_short_one_and_the_same_every_time(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    short = socket_dir(deep, "redis.sock")
    assert len(str(short)) < 60
    assert socket_dir(deep, "redis.sock") == short
    assert socket_dir(Path("/run/desk"), "redis.sock") == Path("/run/desk")
    short.rmdir()


def test_a_wheel_without_the_file_names_what_was_looked_for_and_the_flag_that_goes_elsewhere():
    with pytest.raises(DeskError) as refused:
        wheel_file("redis", ["bin/redis-server"], code="REDIS_BINARY_MISSING", flag="--redis-url")
    assert refused.value.code == "REDIS_BINARY_MISSING"
    assert "redis has no bin/redis-server" in str(refused.value)
    assert "--redis-url" in str(refused.value)
