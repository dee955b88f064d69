"""Files of the supervisor and the bots are read defensively: what cannot be read is not known."""

import os

from services.common.addresses import Addresses, DeskProcess, ProcessAddress, write_addresses
from services.desk_api.facts import addresses_of, read_facts
from services.desk_api.logic import DeskFacts
from services.desk_api.readings import Now, Stamp

NOW = Now(1_000_000, 5_000)


def desk_yml(data_dir, bot, text):
    (data_dir / bot).mkdir(parents=True)
    (data_dir / bot / "desk.yml").write_text(text)


def addresses(pid):
    processes = {"gateway": ProcessAddress(pid=1, state="ready", restarts=3)}
    return Addresses(desk=DeskProcess(pid=pid, started_ms=1, bots=("bot1",)), processes=processes)


def test_bundle_and_edge_gate_come_from_the_bots_files(tmp_path):
    desk_yml(tmp_path, "bot1", "bot_id: bot1\nbundle: demo_tight\npair: BTC-USDT\n")
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "demo_tight.yml").write_text("name: demo_tight\nparams:\n  edge_gate_enabled: false\n")
    facts = read_facts(tmp_path, addresses(os.getpid()), DeskFacts(), NOW)
    assert facts.bundles == (("bot1", "demo_tight"),)
    assert facts.edge_gate_off == ("bot1",)
    assert facts.processes == (("gateway", "ready", 3),)
    assert facts.stamp == Stamp(1_000_000, 5_000)


def test_the_bots_own_value_wins_over_its_bundle(tmp_path):
    desk_yml(tmp_path, "bot1", "bot_id: bot1\nbundle: demo_tight\n")
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "demo_tight.yml").write_text("params:\n  edge_gate_enabled: false\n")
    (tmp_path / "bot1" / "conf" / "controllers").mkdir(parents=True)
    (tmp_path / "bot1" / "conf" / "controllers" / "epp.yml").write_text("overrides:\n  edge_gate_enabled: true\n")
    assert read_facts(tmp_path, addresses(os.getpid()), DeskFacts(), NOW).edge_gate_off == ()


def test_a_half_written_file_is_a_fact_not_known(tmp_path):
    desk_yml(tmp_path, "bot1", "bundle: demo_ti")
    assert read_facts(tmp_path, addresses(os.getpid()), DeskFacts(), NOW).bundles == ()


def test_a_supervisor_that_is_gone_only_grows_older(tmp_path):
    before = DeskFacts(stamp=Stamp(900_000, 1_000))
    gone_pid = 2**22 + 1
    assert read_facts(tmp_path, addresses(gone_pid), before, NOW).stamp == Stamp(900_000, 1_000)


def test_without_a_supervisor_the_bots_are_those_with_a_file(tmp_path):
    desk_yml(tmp_path, "bot1", "bundle: demo_tight\n")
    facts = read_facts(tmp_path, addresses_of(tmp_path), DeskFacts(), NOW)
    assert (facts.stamp, facts.bundles) == (None, (("bot1", "demo_tight"),))


def test_addresses_of_another_shape_are_no_addresses(tmp_path):
    (tmp_path / "addresses.json").write_text('{"desk": 7}')
    assert addresses_of(tmp_path) is None
    write_addresses(tmp_path, addresses(5))
    assert addresses_of(tmp_path).desk.pid == 5
