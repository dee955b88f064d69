import socket
import stat

import pytest

from scripts.desk import checkup
from scripts.desk.checkup import examine
from scripts.desk.places import REPO, Places


@pytest.fixture
def where(tmp_path):
    return Places(REPO / "data", tmp_path / "run")


def found(where, what: str):
    return next(finding for finding in examine(where) if finding.what == what)


def test_what_is_wrong_comes_with_the_command_that_mends_it(where):
    for finding in examine(where):
        assert finding.state == "ok" or finding.mend, finding


def test_a_secret_that_others_can_read_is_bad(where):
    secrets = where.run_dir / "secrets"
    secrets.mkdir(parents=True)
    (secrets / "admin_token").write_text("x")
    (secrets / "admin_token").chmod(0o644)
    finding = found(where, "secrets")
    assert finding.is_bad and finding.mend.startswith("chmod 600")
    (secrets / "admin_token").chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert found(where, "secrets").state == "ok"


def test_a_run_directory_that_cannot_be_made_is_bad(where, monkeypatch):
    monkeypatch.setattr(checkup.os, "access", lambda path, mode: path != where.run_dir.parent)
    finding = found(where, "run directory")
    assert finding.is_bad and str(where.run_dir.parent) in finding.seen


def test_a_data_directory_without_bots_is_bad(tmp_path):
    (tmp_path / "data").mkdir()
    assert found(Places(tmp_path / "data", tmp_path / "run"), "bots").is_bad


def test_a_bot_that_would_not_start_is_bad_with_the_reason(tmp_path):
    (tmp_path / "data" / "bot1").mkdir(parents=True)
    (tmp_path / "data" / "bot1" / "desk.yml").write_text("bot_id: bot1\nbundle: nothing\npair: BTC-USDT\n")
    finding = found(Places(tmp_path / "data", tmp_path / "run"), "bot1")
    assert finding.is_bad and "nothing" in finding.seen


def test_a_taken_page_port_is_a_warning_that_names_the_holder(where, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(checkup, "PAGE_PORT", taken.getsockname()[1])
        finding = found(where, "page port")
    assert finding.state == "warn" and "pid" in finding.seen


def test_a_full_disk_is_bad(where, monkeypatch):
    monkeypatch.setattr(checkup, "DISK_GIB_MIN", 10**9)
    assert found(where, "disk").is_bad


def test_the_disk_is_that_of_the_run_directory_which_need_not_exist_yet(where):
    assert f"GiB free at {where.run_dir.parent}, needed" in found(where, "disk").seen
