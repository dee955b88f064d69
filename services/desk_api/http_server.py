"""uvicorn inside a service: it binds before it says so, and leaves signals to the one who owns the process."""

import asyncio
import contextlib
import socket
from collections.abc import Generator

import uvicorn
from starlette.types import ASGIApp

from services.common.errors import DeskError

LOOPBACK = "127.0.0.1"


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class HttpServer:
    """``start`` returns when the port answers, ``stop`` when every connection is closed (at most two seconds)."""

    def __init__(self, app: ASGIApp, *, port: int, backlog: int = 64) -> None:
        self._socket = _bound(port, backlog)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=2
        )
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            if self._serving.done():
                self._serving.result()
                raise DeskError("HTTP_NOT_STARTED", f"port={self.port}", "desk logs desk_api")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving


def _bound(port: int, backlog: int) -> socket.socket:
    """Loopback only, whatever the settings say: the page has no log-in."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((LOOPBACK, port))
    except OSError as error:
        bound.close()
        raise DeskError("PORT_TAKEN", f"{LOOPBACK}:{port}: {error.strerror}", "desk doctor says by whom") from error
    bound.listen(backlog)
    bound.setblocking(False)
    return bound
