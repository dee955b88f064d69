import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from scripts.desk import entry, main
from scripts.desk.places import REPO


@pytest.fixture
def data_dir(tmp_path):
    shutil.copytree(REPO / "data", tmp_path / "data", ignore=shutil.ignore_patterns("run"))
    return tmp_path / "data"


def test_help_lists_the_verbs(capsys):
    assert main.run(["--help"]) == 0
    assert "desk doctor" in capsys.readouterr().out


def test_only_the_module_of_the_asked_verb_is_loaded():
    assert [command.name for command in main.build_app("doctor").registered_commands] == ["doctor"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["up", "--frobnicate"],
        ["frobnicate"],
        ["up", "--for", "x"],
        ["up", "--page-port", "99999"],
        ["pause", "--bot", "bot0", "--expires", "1" * 20],
    ],
)
def test_a_wrong_command_line_is_a_configuration_error_not_not_found(arguments, capsys):
    assert main.run(arguments) == 4
    err = capsys.readouterr().err
    assert err.startswith("USAGE: ") and "\nnext  desk " in err
    assert main.run([*arguments, "--json"]) == 4
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "USAGE"


def test_a_group_without_a_verb_shows_its_help(capsys):
    assert main.run(["latch"]) == 4
    assert "Commands:" in capsys.readouterr().err


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("show-config bot1", 0),
        ("catalog list --json", 0),
        ("catalog list", 0),
        ("--help", 0),
        ("status --json --run-dir /nowhere", 3),
    ],
)
def test_a_command_whose_reader_has_gone_ends_with_its_own_exit_code(arguments, code, unbuffered):
    command = f"{sys.executable} -m scripts.desk {arguments} 2>&3 | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", f"exec 3>&2; {command}"], cwd=REPO, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )  # fmt: skip
    assert done.returncode == code
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["status"], 3, "NOT_RUNNING"),
        (["down"], 3, "NOT_RUNNING"),
        (["pause", "--bot", "bot1"], 3, "NOT_RUNNING"),
        (["latch", "show"], 3, "NOT_RUNNING"),
        (["orders", "list"], 3, "NOT_RUNNING"),
        (["orders", "show", "nobody"], 2, "NO_EVENTS"),
        (["explain", "--event", "nothing"], 2, "NO_EVENTS"),
        (["logs", "gateway"], 2, "LOG_UNKNOWN"),
        (["logs", "gateway", "--level", "loud"], 4, "LEVEL_INVALID"),
        (["events", "tail"], 2, "NO_EVENTS"),
        (["events", "integrity"], 2, "NO_EVENTS"),
        (["events", "tail", "--kind", "x.v9"], 2, "KIND_UNKNOWN"),
    ],
)
def test_without_a_desk_commands_say_so_with_their_exit_code_and_the_next_step(tmp_path, capsys, arguments, code, says):
    assert main.run([*arguments, "--run-dir", str(tmp_path)]) == code
    err = capsys.readouterr().err
    assert err.startswith(says) and "\nnext  " in err


@pytest.mark.parametrize("verb", ["status", "up", "doctor", "nonsense"])
def test_ctrl_c_while_the_command_is_still_being_imported_ends_it_quietly_with_130(tmp_path, verb):
    """The moment is held by a module that stops on the way in, where typer would be imported."""
    (tmp_path / "typer.py").write_text("import os, time\nos.write(1, b'importing')\ntime.sleep(30)\n")
    desk = subprocess.Popen(
        [sys.executable, "-m", "scripts.desk", verb],
        cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    try:
        assert desk.stdout is not None and desk.stdout.read(9) == b"importing"
        desk.send_signal(signal.SIGINT)
        _, err = desk.communicate(timeout=20)
    finally:
        desk.kill()
    assert (desk.returncode, err) == (130, b"")


def test_ctrl_c_that_a_shell_was_told_to_ignore_is_ignored_while_importing_too(tmp_path):
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nos._exit(7)\n")
    command = f"trap '' INT; exec {sys.executable} -m scripts.desk status"
    done = subprocess.run(
        ["bash", "-c", command], cwd=REPO, env={**os.environ, "PYTHONPATH": str(tmp_path)}, timeout=60, check=False
    )
    assert done.returncode == 7


def test_once_a_verb_is_loaded_ctrl_c_is_its_own_affair(monkeypatch):
    handlers = []
    monkeypatch.setattr(signal, "signal", lambda _number, handler: handlers.append(handler))
    monkeypatch.setattr(signal, "getsignal", lambda _number: entry._end)
    assert main.run(["--help"]) == 0
    assert handlers == [signal.default_int_handler]


def test_the_console_script_begins_where_ctrl_c_is_looked_after():
    assert 'desk = "scripts.desk.entry:main"' in (REPO / "pyproject.toml").read_text()


def test_a_run_directory_that_is_a_file_is_said(tmp_path, capsys):
    (tmp_path / "file").touch()
    for verb in (["status"], ["down"], ["up"], ["events", "integrity"], ["doctor"]):
        assert main.run([*verb, "--run-dir", str(tmp_path / "file")]) == 4
        assert capsys.readouterr().err.startswith(f"RUN_DIR_UNUSABLE: --run-dir {tmp_path / 'file'} is a file")


def test_what_may_not_be_read_is_a_failure_with_a_next_step(tmp_path, monkeypatch, capsys):
    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "secrets/admin_token")

    monkeypatch.setattr("scripts.desk.status.running_desk", forbidden)
    assert main.run(["status", "--run-dir", str(tmp_path)]) == 1
    assert "PERMISSION_DENIED" in capsys.readouterr().err


def test_a_failure_as_json_is_json(tmp_path, capsys):
    assert main.run(["status", "--json", "--run-dir", str(tmp_path)]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "NOT_RUNNING"


def test_validate_accepts_what_the_repository_holds(capsys):
    assert main.run(["validate", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] and {"bot", "bundle", "limits"} <= {row["kind"] for row in told["checked"]}


def test_validate_refuses_a_value_out_of_range_with_path_value_range_and_example(data_dir, capsys):
    path = data_dir / "catalog" / "demo_tight.yml"
    path.write_text(
        path.read_text().replace("edge_gate_enabled: false", "edge_gate_enabled: false\n  max_base_pct: 60")
    )
    assert main.run(["validate", str(path)]) == 4
    err = capsys.readouterr().err
    for part in ("demo_tight.yml", "max_base_pct=60", "allowed", "example"):
        assert part in err


def test_show_config_says_where_every_value_comes_from(capsys):
    assert main.run(["show-config", "bot0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["values"]["edge_gate_enabled"] == {"value": "false", "origin": "catalog/demo_tight.yml"}
    assert told["required_spread"]
    assert main.run(["show-config", "gateway", "--json"]) == 0
    assert main.run(["show-config", "nobody"]) == 2


@pytest.mark.parametrize("verb", [["validate"], ["catalog", "check"], ["catalog", "list"]])
def test_a_directory_without_a_bot_is_not_found_to_be_in_order(tmp_path, capsys, verb):
    assert main.run([*verb, "--data-dir", str(tmp_path)]) == 4
    assert capsys.readouterr().err.startswith(f"NO_BOTS: no */desk.yml under {tmp_path}\nnext  ")


def test_an_origin_that_no_value_has_is_said_with_those_there_are(capsys):
    assert main.run(["show-config", "bot0", "--origin", "catalogue"]) == 2
    assert "ORIGIN_UNKNOWN: no value of bot0 comes from catalogue; there are: " in capsys.readouterr().err
    assert main.run(["show-config", "bot0", "--origin", "catalog"]) == 0


def test_catalog_check_finds_a_value_the_bundle_does_not_let_a_bot_set(data_dir, capsys):
    assert main.run(["catalog", "check", "--data-dir", str(data_dir)]) == 0
    path = data_dir / "bot0" / "conf" / "controllers" / "epp_v2_4.yml"
    path.write_text(path.read_text().replace("overrides: {}", "overrides: {turnover_cap_x: 10}"))
    capsys.readouterr()
    assert main.run(["catalog", "check", "--data-dir", str(data_dir), "--json"]) == 6
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert "turnover_cap_x=10" in finding["what"] and finding["fix"]


def test_catalog_list_names_the_bots_of_a_bundle(capsys):
    assert main.run(["catalog", "list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert "bot0" in rows["demo_tight"]["bots"]


def test_the_references_are_written_where_they_differ_and_only_there(tmp_path, monkeypatch, capsys):
    from scripts.desk import reference

    monkeypatch.setattr(reference, "REFERENCE_DIR", tmp_path)
    assert main.run(["docs", "generate", "--check"]) == 1
    assert main.run(["docs", "generate", "--json"]) == 0
    assert "cli.md" in json.loads(capsys.readouterr().out)["written"]
    assert main.run(["docs", "generate", "--check"]) == 0
