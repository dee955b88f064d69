import json

from services.gateway.messages import Released
from services.gateway.release_file import ReleaseFile


def test_without_a_file_nothing_is_compared(tmp_path):
    file = ReleaseFile(tmp_path / "release.json", ["bot1"])
    assert file.changed()
    assert file.read() == {}
    assert not file.changed()


def test_what_is_released_is_read_when_it_changes(tmp_path):
    path = tmp_path / "release.json"
    file = ReleaseFile(path, ["bot1"])
    file.read()
    path.write_text(json.dumps({"bots": {"bot1": {"config_hash": "abc", "approver": "anna"}}}))
    assert file.changed()
    assert file.read() == {"bot1": Released("abc", "anna")}


def test_a_file_that_cannot_be_read_releases_nobody(tmp_path):
    path = tmp_path / "release.json"
    path.write_text('{"bots": {"bot1"')
    released = ReleaseFile(path, ["bot1", "bot2"]).read()
    assert set(released) == {"bot1", "bot2"}
    assert all(entry.config_hash == "unreadable release.json" for entry in released.values())
