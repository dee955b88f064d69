"""The generated page of commands says of a flag what the command does with it, and a reader can see all of it."""

import re

from scripts.desk.reference import cli_page, commands

SECTIONS = dict(re.findall(r"^## desk ([a-z -]+)$(.*?)(?=^## |\Z)", cli_page(), re.M | re.S))


def test_every_flag_that_must_be_given_is_said_to_be_required_and_no_other():
    for name, command in commands():
        needed = {parameter.opts[0] for parameter in command.params if parameter.required}
        said = set(re.findall(r"^\| `([^`]+)`.* \| required \|", SECTIONS[name], re.M))
        assert said == needed, name


def test_nothing_reads_as_a_tag_and_is_not_shown():
    outside_code = re.sub(r"```.*?```|`[^`]*`|<!--.*?-->", "", cli_page(), flags=re.S)
    assert re.findall(r"<[a-z]", outside_code) == []
