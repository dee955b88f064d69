"""Which port a process of the desk gets, and who holds one that is taken, in words."""

from services.common.net import free_port, is_free, port_holder

__all__ = ["free_port", "holder", "is_free", "next_free_port"]


def next_free_port(first: int, tries: int = 50) -> int | None:
    return next((port for port in range(first, first + tries) if is_free(port)), None)


def holder(port: int) -> str:
    """ "pid 4711 (python3 -m http.server 8000)"."""
    found = port_holder(port)
    if found is None:
        return "nobody any more"
    return f"pid {found.pid or 'unknown'} ({found.command})"
