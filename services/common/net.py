"""Loopback ports: a free one, and who holds one that is taken."""

import socket
from typing import NamedTuple

import psutil

LOOPBACK = "127.0.0.1"


class PortHolder(NamedTuple):
    port: int
    pid: int | None  # None: of another user, or gone meanwhile
    command: str


def free_port(preferred: int | None = None) -> int:
    """``preferred`` if nobody has it, else any free one. Another process may take it before you do: bind at once."""
    if preferred is not None and is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def port_holder(port: int) -> PortHolder | None:
    """Who listens on the port; None when nobody does."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return None if is_free(port) else PortHolder(port, None, "of another user")
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            return PortHolder(port, connection.pid, _command(connection.pid))
    return None if is_free(port) else PortHolder(port, None, "unknown")


def _command(pid: int | None) -> str:
    if pid is None:
        return "of another user"
    try:
        return " ".join(psutil.Process(pid).cmdline())[:200]
    except psutil.Error:
        return "gone meanwhile"
