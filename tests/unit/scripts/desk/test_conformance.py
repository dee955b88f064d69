"""`desk conformance` with stand-ins for the clients: what was not played is no pass."""

import json
import subprocess

import pytest

from scripts.desk import conformance, main
from scripts.desk.conformance.report import Run
from services.dialects.cards import Outcome

CARD = Outcome(20, "orders", "rests", "passed", "id 7", 5)


def played(monkeypatch, *outcomes: Outcome) -> None:
    run = Run("bitget", "ccxt", "4.5.18", 1_700_000_000_000, outcomes, commit="0123456789ab")
    monkeypatch.setattr(conformance, "play_ccxt", lambda only, through: run)


@pytest.mark.parametrize(("cards", "code"), [("30-20", 4), ("x", 4), ("500", 2)])
def test_cards_that_are_none_are_refused_and_leave_no_report(tmp_path, monkeypatch, capsys, cards, code):
    played(monkeypatch)
    assert main.run(["conformance", "--cards", cards, "--run-dir", str(tmp_path)]) == code
    err = capsys.readouterr().err
    assert err.startswith("CONFORMANCE_CARDS: ") and cards in err and "\nnext  " in err
    assert not list(tmp_path.iterdir())


def test_a_failed_card_is_a_failed_gate(tmp_path, monkeypatch):
    played(monkeypatch, CARD, CARD._replace(result="failed"))
    assert main.run(["conformance", "--run-dir", str(tmp_path), "--json"]) == 6


def test_the_report_says_when_it_was_and_on_which_commit(tmp_path, monkeypatch, capsys):
    played(monkeypatch, CARD)
    assert main.run(["conformance", "--run-dir", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["date"], told["commit"]) == ("2023-11-14 22:13:20 UTC", "0123456789ab")
    (page,) = (tmp_path / "reports" / "conformance").glob("bitget-ccxt-2023-11-14T221320.html")
    assert "2023-11-14 22:13:20 UTC · commit 0123456789ab" in page.read_text()


def test_a_client_that_does_not_end_is_a_timeout_with_a_next_step(monkeypatch, capsys):
    class Venue:
        url, run_dir = "http://127.0.0.1:1", "/tmp"

        def __init__(self, *_): ...
        def __enter__(self):
            return self

        def __exit__(self, *_): ...

    really = subprocess.run

    def hangs(argv, **options):
        if "services.bot.conformance" in argv:
            raise subprocess.TimeoutExpired(argv, options["timeout"])
        return really(argv, **options)

    monkeypatch.setattr("scripts.desk.conformance.target.Target", Venue)
    monkeypatch.setattr("subprocess.run", hangs)
    assert main.run(["conformance", "--client", "hummingbot"]) == 5
    assert capsys.readouterr().err.startswith("CONFORMANCE_CLIENT: hummingbot has not played its cards within 600 s")
