"""`desk latch`: tightening at once, loosening with others or later."""

import json

from services.gateway.latch_file import LatchFile
from tests.fakes.answering_desk import run


async def test_latch_show_names_scope_state_and_who(desk, capsys):
    run_dir, _ = desk
    assert await run("latch", "show", "--run-dir", str(run_dir)) == 0
    assert capsys.readouterr().out.split() == ["HALTED", "bot:bot1", "by", "anna:", "MANUAL"]


async def test_latch_set_is_a_dry_run_until_it_is_meant(desk, capsys):
    run_dir, answers = desk
    asked = ("latch", "set", "--scope", "bot:bot1", "--state", "ACTIVE", "--reason", "MANUAL", "--actor", "anna")
    assert await run(*asked, "--run-dir", str(run_dir)) == 0
    assert "dry run" in capsys.readouterr().out and answers.asked == []
    assert await run(*asked, "--approver", "ben", "--yes", "--run-dir", str(run_dir)) == 0
    assert capsys.readouterr().out == "bot:bot1: HALTED -> ACTIVE\n"
    assert answers.asked == [
        (
            "/desk/latch",
            {"scope": "bot:bot1", "state": "ACTIVE", "reason": "MANUAL", "actor": "anna", "approvers": ["ben"]},
        )
    ]


async def test_a_code_goes_along_and_what_is_announced_is_told(desk, capsys):
    run_dir, answers = desk
    answers.told = {"scope": "bot:bot1", "before": "HALTED", "state": "HALTED", "to": "ACTIVE", "due_in_s": 600}
    asked = ("latch", "set", "--scope", "bot:bot1", "--state", "ACTIVE", "--reason", "MANUAL", "--actor", "anna")
    assert await run(*asked, "--second-factor", "123456", "--yes", "--run-dir", str(run_dir)) == 0
    assert capsys.readouterr().out == "bot:bot1: stays HALTED for 600 s, then ACTIVE, if nothing changes it\n"
    assert answers.asked[0][1]["second_factor"] == "123456"
    answers.latch["announced"] = [{"scope": "bot:bot1", "to": "ACTIVE", "actor": "anna", "due_in_s": 599}]
    assert await run("latch", "show", "--run-dir", str(run_dir)) == 0
    assert "-> ACTIVE  bot:bot1         by anna in 599 s" in capsys.readouterr().out


async def test_a_device_is_enrolled_once_and_its_secret_shown_once(tmp_path, capsys):
    asked = ("latch", "enrol", "--actor", "anna", "--run-dir", str(tmp_path))
    assert await run(*asked, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    path = tmp_path / "secrets" / "second_factor"
    assert (path.read_text().strip(), path.stat().st_mode & 0o777) == (told["secret"], 0o600)
    assert f"secret={told['secret']}" in told["uri"]
    assert await run(*asked) == 4
    refused = capsys.readouterr()
    assert "SECOND_FACTOR_EXISTS" in refused.err and told["secret"] not in refused.err + refused.out
    assert path.read_text().strip() == told["secret"]


async def test_a_gateway_that_does_not_answer_is_tightened_by_its_file_and_never_loosened(tmp_path, capsys):
    latch = LatchFile(tmp_path / "gateway" / "latch.json")
    asked = ("latch", "set", "--scope", "bot:bot1", "--reason", "MANUAL", "--actor", "anna", "--run-dir", str(tmp_path))
    assert await run(*asked, "--state", "HALTED", "--yes") == 3, "no gateway has ever run here"
    latch.write({})
    assert await run(*asked, "--state", "HALTED") == 0
    assert latch.read() == {}, "a dry run"
    assert await run(*asked, "--state", "HALTED", "--yes") == 0
    assert (latch.read()["bot:bot1"].state, latch.read()["bot:bot1"].actor) == ("HALTED", "anna")
    assert await run(*asked, "--state", "ACTIVE", "--yes") == 3
    assert "stays HALTED" in capsys.readouterr().err
    assert latch.read()["bot:bot1"].state == "HALTED"


async def test_a_latch_of_a_bot_that_is_no_more_can_be_loosened(desk):
    run_dir, answers = desk
    answers.latch["scopes"]["bot:gone"] = {"state": "HALTED", "actor": "anna", "reason": "MANUAL"}
    loosen = ("latch", "set", "--scope", "bot:gone", "--state", "ACTIVE", "--reason", "MANUAL", "--actor", "anna")
    assert await run(*loosen, "--yes", "--run-dir", str(run_dir)) == 0
    assert [path for path, _ in answers.asked] == ["/desk/latch"]
