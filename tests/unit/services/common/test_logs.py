import json
import logging
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from services.common.logs import configure_logs, get_logger


@pytest.fixture
def log_lines(tmp_path: Path):
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs("gateway", tmp_path)
    yield lambda: [json.loads(line) for line in (tmp_path / "logs" / "gateway.log").read_text().splitlines()]
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_a_line_is_json_with_process_level_and_fields(log_lines) -> None:
    get_logger("door").info("order.refused", code="STALE_MARKET", limit_ms=5000)
    line = log_lines()[0]
    assert (line["event"], line["process"], line["level"], line["code"], line["limit_ms"]) == (
        "order.refused", "gateway", "info", "STALE_MARKET", 5000,
    )  # fmt: skip


def test_secrets_are_masked_at_any_depth(log_lines) -> None:
    get_logger("x").info(
        "keys",
        api_key="hush1",
        headers={"ACCESS-SIGN": "hush2"},
        listed=[{"passphrase": "hush3"}],
        s=SecretStr("hush4"),
    )
    assert "hush" not in json.dumps(log_lines())


def test_libraries_come_out_in_the_same_form(log_lines) -> None:
    logging.getLogger("aiohttp").warning("slow %s", "client")
    assert (log_lines()[0]["event"], log_lines()[0]["level"]) == ("slow client", "warning")


def test_an_exception_keeps_its_traceback(log_lines) -> None:
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        get_logger("x").exception("broke")
    assert "ZeroDivisionError" in log_lines()[0]["exception"]
