import json

import pytest

from services.gateway.latch_file import LatchFile
from services.gateway.messages import LatchEntry

ENTRY = LatchEntry("HALTED", "MANUAL", "anna", 1)


@pytest.fixture
def latch(tmp_path):
    latch = LatchFile(tmp_path / "latch.json")
    latch.create_if_first(is_first_start=True)
    return latch


def test_a_desk_that_never_ran_begins_without_a_latch(latch):
    assert latch.read() == {}


def test_a_file_that_is_missing_later_is_unreadable_and_not_empty(tmp_path):
    latch = LatchFile(tmp_path / "latch.json")
    latch.create_if_first(is_first_start=False)
    assert latch.read() is None


def test_what_is_written_is_read_by_another_process(latch):
    latch.write({"desk": ENTRY})
    assert LatchFile(latch.path).read() == {"desk": ENTRY}


def test_a_change_by_another_hand_is_noticed_by_one_look(latch):
    latch.read()
    assert not latch.changed()
    LatchFile(latch.path).write({"desk": ENTRY})
    assert latch.changed()


@pytest.mark.parametrize("cut", [2, 9, 40])
def test_half_a_file_is_unreadable(latch, cut):
    latch.write({"desk": ENTRY})
    latch.path.write_bytes(latch.path.read_bytes()[:-cut])
    assert latch.read() is None


def test_a_state_changed_by_an_editor_does_not_verify(latch):
    latch.write({"desk": ENTRY})
    latch.path.write_text(latch.path.read_text().replace("HALTED", "ACTIVE"))
    assert latch.read() is None


def test_a_state_that_does_not_exist_is_unreadable(latch):
    latch.write({"desk": ENTRY._replace(state="OPEN")})
    assert latch.read() is None


def test_entries_with_unknown_fields_are_unreadable(latch):
    from services.common.files import write_state

    write_state(latch.path, {"desk": {"state": "ACTIVE", "colour": "red"}})
    assert latch.read() is None
    assert json.loads(latch.path.read_text())["version"] == 1


@pytest.mark.parametrize("is_missing", [True, False], ids=["missing", "broken"])
def test_setting_one_scope_never_loosens_what_could_not_be_read(latch, is_missing):
    latch.write({"bot:bot2": ENTRY})
    if is_missing:
        latch.path.unlink()
    else:
        latch.path.write_text("{")
    latch.set("bot:bot1", LatchEntry("REDUCING", "REPEATED_EXECUTION", "gateway", 5))
    entries = latch.read()
    assert entries["bot:bot1"].state == "REDUCING"
    assert entries["desk"].state == "HALTED"
    assert "could not be read" in entries["desk"].reason
    latch.set("desk", LatchEntry("ACTIVE", "MANUAL", "anna", 6))
    assert latch.read()["desk"].state == "ACTIVE", "a person says so"


def cannot_write(latch, monkeypatch):
    def full(_entries):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(latch, "write", full)


def test_what_tightens_holds_although_it_cannot_be_written(latch, monkeypatch):  # F34
    with monkeypatch.context() as patch:
        cannot_write(latch, patch)
        assert not latch.set("bot:bot1", ENTRY)
        assert latch.read() == {"bot:bot1": ENTRY}
        assert latch.changed(), "looked at until it is on disk"
    LatchFile(latch.path).set("desk", ENTRY)  # another process, which knows nothing of it
    assert latch.read() == {"bot:bot1": ENTRY, "desk": ENTRY}
    assert latch.write_again()
    assert LatchFile(latch.path).read() == {"bot:bot1": ENTRY, "desk": ENTRY}
    latch.read()
    assert not latch.changed()


def test_a_person_loosens_what_was_never_written(latch, monkeypatch):
    with monkeypatch.context() as patch:
        cannot_write(latch, patch)
        latch.set("bot:bot1", ENTRY)
    armed = ENTRY._replace(state="ACTIVE", ts_ms=2)
    assert latch.set("bot:bot1", armed)
    assert latch.read() == {"bot:bot1": armed}


def test_what_loosens_and_cannot_be_written_does_not_hold(latch, monkeypatch):
    latch.set("bot:bot1", ENTRY)
    cannot_write(latch, monkeypatch)
    with pytest.raises(OSError, match="space"):
        latch.set("bot:bot1", ENTRY._replace(state="ACTIVE"))
    assert latch.read() == {"bot:bot1": ENTRY}


def test_what_loosens_does_not_hold_where_there_is_no_room_for_the_lock_either(latch, monkeypatch):
    latch.set("bot:bot1", ENTRY)

    def full(_path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("services.gateway.latch_file.turn", full)
    with pytest.raises(OSError, match="space"):
        latch.set("bot:bot1", ENTRY._replace(state="ACTIVE"))
    assert not latch.set("desk", ENTRY)
    assert latch.read() == {"bot:bot1": ENTRY, "desk": ENTRY}
