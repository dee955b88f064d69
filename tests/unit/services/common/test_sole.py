import os

import pytest

from services.common.errors import DeskError
from services.common.sole import claim


def test_a_second_process_of_one_name_is_refused_and_told_who_holds_it(tmp_path):
    held = claim(tmp_path, "bot.bot1")
    with pytest.raises(DeskError) as refused:
        claim(tmp_path, "bot.bot1")
    assert (refused.value.code, f"pid={os.getpid()}" in str(refused.value)) == ("ALREADY_RUNNING", True)
    os.close(claim(tmp_path, "bot.bot2"))
    os.close(held)
    os.close(claim(tmp_path, "bot.bot1"))


def test_another_run_directory_is_another_desk(tmp_path):
    descriptors = [claim(tmp_path / name, "gateway") for name in ("one", "two")]
    for descriptor in descriptors:
        os.close(descriptor)
