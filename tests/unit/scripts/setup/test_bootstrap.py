import json

import pytest

from scripts.setup import bootstrap


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A repository with locks and a .venv that holds nothing yet."""
    for name in ("desk", "dev"):
        (tmp_path / f"{name}.txt").write_text(f"{name}==1")
    (tmp_path / "pyproject.toml").write_text("[project]")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "desk").write_text("")
    monkeypatch.setattr(bootstrap, "REPO", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / "venv")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "venv" / "desk-lock.json")
    monkeypatch.setattr(bootstrap, "LOG", tmp_path / "install.log")
    monkeypatch.setattr(bootstrap, "LOCKS", {name: tmp_path / f"{name}.txt" for name in ("desk", "dev")})
    return tmp_path


def stamp(name: str) -> None:
    bootstrap.STAMP.write_text(json.dumps({name: bootstrap.lock_hash(name)}))


def test_without_a_stamp_nothing_is_current(machine):
    assert not bootstrap.is_current("desk")


def test_the_dev_lock_serves_for_the_desk_but_not_the_other_way_round(machine):
    stamp("dev")
    assert bootstrap.is_current("dev") and bootstrap.is_current("desk")
    stamp("desk")
    assert bootstrap.is_current("desk") and not bootstrap.is_current("dev")


def test_a_changed_lock_or_a_broken_stamp_is_installed_again(machine):
    stamp("desk")
    (machine / "desk.txt").write_text("desk==2")
    assert not bootstrap.is_current("desk")
    bootstrap.STAMP.write_text("{half")
    assert not bootstrap.is_current("desk")


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (("which", lambda _: None), "COMPILER_MISSING"),
        (("disk_usage", lambda _: type("usage", (), {"free": 2**30})), "DISK_FULL"),
    ],
)
def test_what_the_machine_lacks_is_said_before_anything_is_made(machine, monkeypatch, capsys, what, code):
    monkeypatch.setattr(bootstrap.shutil, *what)
    with pytest.raises(SystemExit) as ended:
        bootstrap.check_machine()
    err = capsys.readouterr().err
    assert ended.value.code == 1
    assert err.startswith(code) and "\nNext: " in err


def test_a_failed_step_shows_the_end_of_its_output_and_what_to_do(machine, capsys):
    with pytest.raises(SystemExit):
        bootstrap.run(["sh", "-c", "echo no such package; exit 3"], "installing", "look at the network")
    err = capsys.readouterr().err
    assert "INSTALL_FAILED: installing ended with 3" in err
    assert "no such package" in err and "look at the network" in err


def test_a_step_shows_its_milestones_only(machine, capsys):
    bootstrap.run(["sh", "-c", "echo Built hummingbot; echo + numpy"], "installing", "")
    assert capsys.readouterr().out == "  Built hummingbot\n"
