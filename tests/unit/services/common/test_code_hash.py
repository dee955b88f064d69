from pathlib import Path

import pytest

from services.common.code_hash import code_hash


def tree(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / "services" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_the_same_code_has_the_same_hash_wherever_it_lies(tmp_path):
    assert code_hash(tree(tmp_path / "one", a="x", b="y")) == code_hash(tree(tmp_path / "two", b="y", a="x"))


@pytest.mark.parametrize("other", [{"a": "y", "b": "x"}, {"a": "x"}, {"a": "x", "c": "y"}, {"a": "x ", "b": "y"}])
def test_a_changed_missing_or_renamed_file_is_other_code(tmp_path, other):
    assert code_hash(tree(tmp_path / "one", a="x", b="y")) != code_hash(tree(tmp_path / "two", **other))


def test_the_desk_has_one(tmp_path):
    assert len(code_hash()) == 64
