"""Real servers that come as wheels: Redis and PostgreSQL, data under the run directory, replaceable by a URL.

``start() -> url`` adopts a server that an earlier life of the desk left behind instead of starting a second one.
"""

from services.common.embedded.postgres_server import PostgresServer
from services.common.embedded.redis_server import RedisServer
from services.common.embedded.server import ServerStatus

__all__ = ["PostgresServer", "RedisServer", "ServerStatus"]
