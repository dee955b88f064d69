from pathlib import Path

import pytest

from services.common.files import BadFile, read_json, read_state, write_json, write_state, write_text


def test_json_is_ascii_sorted_compact_with_one_newline(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": "é"})
    assert (tmp_path / "a.json").read_bytes() == b'{"a":"\\u00e9","b":1}\n'


def test_a_failed_write_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})
    with pytest.raises(TypeError):
        write_json(path, {"new": object()})
    assert read_json(path) == {"old": 1}


def test_nothing_but_the_file_is_left_behind(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "x", mode=0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o600


def test_state_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    write_state(tmp_path / "s.json", {"x": [1, 2]}, version=3)
    assert read_state(tmp_path / "s.json", version=3) == {"x": [1, 2]}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"x" * (1 << 20) + b"x", "file_too_large"),
        ('{"a":"é"}'.encode(), "non_ascii"),
        (b'{"version":1', "invalid_structure"),
        (b'{"version":1}', "invalid_structure"),
        (b'{"payload":{"x":2},"sha256":"00","version":1}', "bad_checksum"),
    ],
)
def test_a_file_that_is_not_what_was_written_is_refused_by_name(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(content)
    with pytest.raises(BadFile) as caught:
        read_state(path)
    assert caught.value.code == code


def test_a_state_of_another_version_is_refused(tmp_path: Path) -> None:
    write_state(tmp_path / "s.json", 1, version=2)
    with pytest.raises(BadFile, match="version=2, expected=1"):
        read_state(tmp_path / "s.json")
