"""`desk override`: the dry run refuses what the gateway would."""

import pytest

from scripts.desk import override
from services.gateway.admin import OVERRIDE_TTL_S_MAX
from tests.fakes.answering_desk import run


async def test_override_is_a_dry_run_until_it_is_meant(desk, capsys):
    run_dir, answers = desk
    asked = ("override", "--bot", "bot1", "--limit", "order_value_quote_max", "--reason", "hedge")
    persons = ("--approver", "anna", "--approver", "ben", "--run-dir", str(run_dir))
    assert await run(*asked, *persons) == 0
    assert "anna and ben  (dry run" in capsys.readouterr().out and answers.asked == []
    assert await run(*asked, *persons, "--yes") == 0
    (path, body), persons_asked = answers.asked[0], ["anna", "ben"]
    assert (path, body["approvers"], body["ttl_s"]) == ("/desk/override", persons_asked, 60)
    assert (body["bot"], body["limit"], body["reason"]) == ("bot1", "order_value_quote_max", "hedge")


@pytest.mark.parametrize(
    ("changed", "code", "says"),
    [
        ({"--bot": "nobody"}, 2, "BOT_UNKNOWN: nobody does not run; running: bot1"),
        ({"--limit": "gravity"}, 2, "LIMIT_UNKNOWN: --limit gravity; known: order_value_quote_max"),
        ({"--ttl-s": "-5"}, 4, "USAGE"),
        ({"--ttl-s": "601"}, 4, "USAGE"),
        ({"--approver": "Anna "}, 7, "APPROVAL_MISSING"),
    ],
)
async def test_a_dry_run_refuses_what_the_gateway_would(desk, capsys, changed, code, says):
    run_dir, answers = desk
    flags = {"--bot": "bot1", "--limit": "order_value_quote_max", "--ttl-s": "60", "--approver": "ben"} | changed
    words = [word for pair in flags.items() for word in pair]
    assert await run("override", *words, "--approver", "anna", "--reason", "hedge", "--run-dir", str(run_dir)) == code
    assert capsys.readouterr().err.startswith(says) and answers.asked == []


def test_the_longest_override_is_the_gateways():
    assert override.TTL_S_MAX == OVERRIDE_TTL_S_MAX
