import os
from pathlib import Path

import pytest

from services.common.hash_chain import GENESIS, HashChain, verify


def write(path: Path, n: int) -> None:
    chain = HashChain(path)
    for index in range(n):
        chain.append({"n": index, "action": "LATCH"})
    chain.close()


def test_an_untouched_chain_verifies(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, 5)
    report = verify(path)
    assert (report.text(), report.n_lines) == ("AUDIT_VERIFY=OK", 5)


def test_a_missing_file_is_a_chain_of_no_lines(tmp_path: Path) -> None:
    assert verify(tmp_path / "none.jsonl").text() == "AUDIT_VERIFY=OK"


def test_the_next_life_links_on(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, 2)
    chain = HashChain(path)
    assert chain.append({"n": 2})["prev_hash"] != GENESIS
    chain.close()
    assert verify(path).n_lines == 3


@pytest.mark.parametrize("line", [0, 2, 4])
def test_a_changed_line_is_found(tmp_path: Path, line: int) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, 5)
    lines = path.read_text().splitlines(keepends=True)
    lines[line] = lines[line].replace("LATCH", "NOTHING")
    path.write_text("".join(lines))
    report = verify(path)
    assert (report.text(), report.broken_line) == ("AUDIT_VERIFY=BROKEN", line + 1)
    assert "BROKEN" in report.markdown()


@pytest.mark.parametrize("drop", [0, 1, 3])
def test_a_removed_line_is_found(tmp_path: Path, drop: int) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, 5)
    lines = path.read_text().splitlines(keepends=True)
    del lines[drop]
    path.write_text("".join(lines))
    assert verify(path).broken_line == drop + 1


@pytest.mark.parametrize("written", [0, 20, None])
def test_a_disk_without_room_leaves_nothing_behind_and_the_chain_goes_on(tmp_path: Path, monkeypatch, written) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, 2)
    chain, real_write = HashChain(path), os.write

    def no_room(fd, data):
        if written is None:
            raise OSError(28, "No space left on device")
        return real_write(fd, data[:written])

    with monkeypatch.context() as full:
        full.setattr(os, "write", no_room)
        with pytest.raises(OSError, match="No space"):
            chain.append({"n": 2})
    chain.append({"n": 3})
    chain.close()
    assert (verify(path).text(), verify(path).n_lines) == ("AUDIT_VERIFY=OK", 3)


def test_a_line_cut_short_by_a_crash_is_set_aside_and_the_chain_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    write(path, 3)
    with path.open("ab") as file:
        file.write(b'{"action":"LA')
    write(path, 1)
    assert verify(path).n_lines == 4
    assert (tmp_path / "audit.jsonl.torn").read_bytes() == b'{"action":"LA'


def test_a_record_cannot_bring_its_own_hash(tmp_path: Path) -> None:
    chain = HashChain(tmp_path / "audit.jsonl")
    with pytest.raises(ValueError, match="chain's own"):
        chain.append({"hash": "x"})
    chain.close()
