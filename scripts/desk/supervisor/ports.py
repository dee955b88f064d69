"""Free loopback ports, and who holds one that is not free."""

import socket

import psutil

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(preferred: int = 0) -> int:
    """The preferred port when it is free, else one the system hands out."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def next_free_port(first: int, tries: int = 50) -> int | None:
    return next((port for port in range(first, first + tries) if is_free(port)), None)


def holder(port: int) -> str:
    """ "python3 (pid 4711, python3 -m http.server 8000)", or why it cannot be told."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return "a process of another user"
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or not connection.laddr or connection.laddr.port != port:
            continue
        if connection.pid is None:
            return "a process of another user"
        try:
            process = psutil.Process(connection.pid)
            return f"{process.name()} (pid {process.pid}, {' '.join(process.cmdline())[:100]})"
        except psutil.Error:
            return f"pid {connection.pid}"
    return "a process that cannot be seen from here"
