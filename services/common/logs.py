"""Structured logs: one JSON line per unit of work, to ``<run_dir>/logs/<process>.log`` or stderr. Secrets are masked.

What libraries log through the standard library comes out in the same file and form.
"""

import logging
import logging.handlers
import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr

MASK = "****"
SECRET_WORDS = ("api_key", "apikey", "secret", "passphrase", "password", "token", "signature", "access-sign")
FILE_BYTES_MAX = 50 << 20
FILES_KEPT = 5

Logger = structlog.stdlib.BoundLogger


def configure_logs(process: str, run_dir: Path | None, *, level: str = "INFO") -> None:
    """Once per process, by the worker or the command. Without a run directory the lines go to stderr."""
    handler: logging.Handler
    if run_dir is None:
        handler = logging.StreamHandler(sys.stderr)
    else:
        path = run_dir / "logs" / f"{process}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=FILE_BYTES_MAX, backupCount=FILES_KEPT, encoding="utf-8"
        )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
        structlog.processors.format_exc_info,
    ]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=True, default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(process=process)


def get_logger(name: str) -> Logger:
    """``log.info("order.refused", code=…, limit=…)``: a stable event name, then fields."""
    logger: Logger = structlog.stdlib.get_logger(name)
    return logger


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Masks values whose name tells that they are secret, at any depth."""
    for key in list(event):
        event[key] = _masked(key, event[key])
    return event


def _masked(key: str, value: Any) -> Any:
    lowered = key.lower()
    if isinstance(value, SecretStr) or (value and any(word in lowered for word in SECRET_WORDS)):
        return MASK
    if isinstance(value, dict):
        return {inner: _masked(str(inner), deep) for inner, deep in value.items()}
    if isinstance(value, list | tuple):
        return [_masked("", item) for item in value]
    return value
