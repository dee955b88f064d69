from decimal import Decimal
from pathlib import Path

import pytest

from services.common.clock import ManualClock
from services.common.envelope import Source
from services.common.event_files import events_dir
from services.common.ids import SeededIds
from services.common.tally import CHECKPOINT, Tally, load_or_count
from services.contracts import events as e
from services.contracts.codec import encode
from services.event_store.integrity import integrity
from services.event_store.writer import EventWriter

NOON_MS = 1_767_268_800_000


class Story:
    """Events of a gateway and a bot, and a store's files made of them."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        clock = ManualClock(NOON_MS)
        self.gateway = Source("gateway", clock=clock, ids=SeededIds(clock, 1))
        self.bot = Source("bot.bot1", clock=clock, ids=SeededIds(clock, 2))

    def fill(self) -> e.FillV1:
        zero = Decimal(0)
        return self.gateway.make(
            e.FillV1, bot_id="bot1", symbol="BTC-USDT", trade_id="1", client_order_id="c", gateway_order_id="g",
            venue_order_id="v", side="buy", price=Decimal("60000.1"), base_qty=Decimal("0.001"), fee_quote=zero,
            liquidity="maker", realized_pnl_quote=zero, ts_exch_ms=NOON_MS,
        )  # fmt: skip

    def status(self, fills: int) -> e.BotStatusV1:
        return self.bot.make(
            e.BotStatusV1, bot_id="bot1", symbol="BTC-USDT", guard="RUNNING", reasons=[], regime="neutral",
            mid_price=None, equity_quote=None, position_base=None, open_orders=0, submits=0, cancels=0, fills=fills,
            refusals=0, modelled_edge_bps=None, realised_edge_bps=None, first_order_s=None, tick_ms=None,
        )  # fmt: skip

    def state(self, **counters: int) -> e.StateSnapshotV1:
        return self.gateway.make(
            e.StateSnapshotV1, bot_id="desk", service="gateway", health="ready", counters=dict(counters)
        )

    def store(self, *events: e.AnyEvent) -> None:
        writer = EventWriter(events_dir(self.run_dir))
        writer.append([encode(event) for event in events], NOON_MS)
        writer.seal()
        writer.close()

    @property
    def path(self) -> Path:
        (path,) = events_dir(self.run_dir).glob("events_*.jsonl")
        return path


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def test_an_empty_store_passes(tmp_path: Path) -> None:
    report = integrity(tmp_path)
    assert (report.status, report.events.count) == ("PASS", 0)


def test_a_whole_story_passes_with_its_counts(story: Story) -> None:
    fills = [story.fill() for _ in range(3)]
    story.store(*fills, story.status(3), story.state(**{"made.hb.fill.v1": 3}))
    report = integrity(story.run_dir)
    assert (report.status, report.reasons) == ("PASS", [])
    assert report.by_kind == {"bot_status.v1": 1, "fill.v1": 3, "state_snapshot.v1": 1}
    assert report.by_source == {"bot.bot1": 1, "gateway": 4}
    assert {check.name: check.is_ok for check in report.checks} == {
        "made:hb.fill.v1:gateway": True,
        "fills:bot1": True,
        "submits:bot1": True,
    }


def test_a_gap_fails_and_names_the_place(story: Story) -> None:
    first, _, third = (story.fill() for _ in range(3))
    story.store(first, third)
    report = integrity(story.run_dir)
    assert report.status == "FAIL"
    assert report.events.gaps == 1
    assert (report.gaps[0].stream, report.gaps[0].source, report.gaps[0].first_seq) == ("hb.fill.v1", "gateway", 2)
    assert report.reasons[0].startswith("GAP_HALT: missing=1")


def test_a_place_stored_twice_fails(story: Story) -> None:
    fill = story.fill()
    story.store(fill, fill)
    report = integrity(story.run_dir)
    assert (report.status, report.events.duplicates) == ("FAIL", 1)


def test_a_tail_that_the_source_made_and_the_store_lacks_fails(story: Story) -> None:
    story.store(story.fill(), story.state(**{"made.hb.fill.v1": 2}))
    report = integrity(story.run_dir)
    assert report.status == "FAIL"
    assert "TAIL_MISSING: gateway made 2 on hb.fill.v1, stored up to 1" in report.reasons


def test_a_bot_that_saw_more_fills_than_the_drop_copy_fails(story: Story) -> None:
    story.store(story.fill(), story.status(2))
    assert "FILL_MISMATCH" in integrity(story.run_dir).reasons[0]


def test_a_bot_that_saw_fewer_is_a_note(story: Story) -> None:
    story.store(story.fill(), story.status(0))
    report = integrity(story.run_dir)
    assert report.status == "PASS"
    assert [check.name for check in report.checks if not check.is_ok] == ["fills:bot1"]


def test_the_checkpoint_saves_time_and_changes_nothing(story: Story) -> None:
    story.store(*(story.fill() for _ in range(3)))
    load_or_count(story.run_dir).save(events_dir(story.run_dir))
    story.fill()  # never stored: a gap after the checkpoint
    story.store(story.fill(), story.status(4))
    quick, slow = integrity(story.run_dir), integrity(story.run_dir, from_start=True)
    assert quick == slow
    assert quick.events.gaps == 1


@pytest.mark.parametrize("spoil", ["cut", "other", "shorter files"])
def test_a_checkpoint_that_does_not_fit_is_not_trusted(story: Story, spoil: str) -> None:
    story.store(*(story.fill() for _ in range(3)))
    load_or_count(story.run_dir).save(events_dir(story.run_dir))
    path = events_dir(story.run_dir) / CHECKPOINT
    if spoil == "cut":
        path.write_bytes(path.read_bytes()[:50])
    elif spoil == "other":
        path.write_text(path.read_text().replace('"n_events":3', '"n_events":9'))
    else:
        file = events_dir(story.run_dir) / "events_20260101.jsonl"
        file.write_bytes(file.read_bytes().split(b"\n")[0] + b"\n")
    assert integrity(story.run_dir).events.count == (1 if spoil == "shorter files" else 3)


def test_a_tally_comes_back_from_its_checkpoint_whole(story: Story) -> None:
    story.store(story.fill(), story.status(1), story.state(**{"made.hb.fill.v1": 1}))
    counted = load_or_count(story.run_dir)
    counted.save(events_dir(story.run_dir))
    loaded = Tally.load(events_dir(story.run_dir))
    assert {k: v for k, v in vars(loaded).items() if k != "seen"} == {
        k: v for k, v in vars(counted).items() if k != "seen"
    }
    assert {k: v.text() for k, v in loaded.seen.items()} == {k: v.text() for k, v in counted.seen.items()}


def test_old_lives_without_a_gap_are_forgotten_and_their_counts_stay(story: Story) -> None:
    story.store(story.fill(), story.state(**{"made.hb.fill.v1": 1}))
    story.bot.make(e.BotMinuteV1, bot_id="bot1", row={})  # never stored
    story.store(story.status(0))
    tally = load_or_count(story.run_dir)
    tally.forget_before(NOON_MS + 1)
    assert [key.source for key in tally.seen] == ["bot.bot1"]
    assert tally.claims == {}
    assert (tally.n_events, tally.n_missing) == (3, 1)


def flipped(data: bytes) -> bytes:
    """Another quantity, as good to read as the first."""
    return data.replace(b"0.001", b"0.009", 1)


@pytest.mark.parametrize("from_start", [False, True])
@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (flipped, "is not what was written: crc="),
        (lambda data: data[: len(data) // 2], "bytes, "),
        (lambda data: data[: data.rstrip(b"\n").rfind(b"\n") + 1], "were written"),
        (lambda data: b"", "holds 0 bytes"),
        (lambda data: data.split(b"\n", 1)[1], "were written"),
    ],
)
def test_a_file_that_was_changed_afterwards_fails_also_where_the_rest_reads_well(story, damage, says, from_start):
    story.store(*(story.fill() for _ in range(4)))
    load_or_count(story.run_dir).save(events_dir(story.run_dir))
    assert integrity(story.run_dir, from_start=from_start).status == "PASS"
    story.path.write_bytes(damage(story.path.read_bytes()))
    report = integrity(story.run_dir, from_start=from_start)
    assert report.status == "FAIL"
    assert report.reasons[0].startswith(f"EVENTS_CHANGED: {story.path}") and says in report.reasons[0]


def test_a_day_that_is_gone_fails(story: Story) -> None:
    story.store(story.fill())
    path = story.path
    path.unlink()
    assert integrity(story.run_dir).reasons[0].startswith(f"EVENTS_CHANGED: {path} is gone")


def test_a_store_that_goes_on_after_the_damage_does_not_cover_it_up(story: Story) -> None:
    story.store(*(story.fill() for _ in range(4)))
    story.path.write_bytes(story.path.read_bytes()[:-200])
    story.store(*(story.fill() for _ in range(8)))
    assert any(reason.startswith("EVENTS_CHANGED") for reason in integrity(story.run_dir).reasons)


def test_a_seal_that_a_crash_left_behind_is_caught_up_by_the_next_life(story: Story) -> None:
    story.store(story.fill())
    writer = EventWriter(events_dir(story.run_dir))
    writer.append([encode(story.fill())], NOON_MS)
    writer.close()  # killed: no seal
    assert integrity(story.run_dir).status == "PASS"
    story.store(story.fill())
    assert integrity(story.run_dir).status == "PASS"
    story.path.write_bytes(flipped(story.path.read_bytes()))
    assert integrity(story.run_dir).status == "FAIL"


def test_seals_that_cannot_be_read_are_no_pass(story: Story) -> None:
    story.store(story.fill())
    (events_dir(story.run_dir) / "seals.json").write_text("{}\n")
    assert integrity(story.run_dir).reasons[0].startswith("EVENTS_CHANGED: ")
