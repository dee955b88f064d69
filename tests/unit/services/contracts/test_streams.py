from services.contracts import streams
from services.contracts.codec import KINDS


def test_every_kind_belongs_to_exactly_one_stream() -> None:
    placed = [kind for stream in streams.ALL for kind in stream.kinds]
    assert sorted(placed, key=str) == sorted(KINDS.values(), key=str)


def test_what_must_not_be_lost_is_never_capped() -> None:
    for stream in (streams.ORDER, streams.FILL, streams.INTENT, streams.LATCH, streams.COMMAND, streams.AUDIT):
        assert stream.maxlen is None


def test_stream_names_carry_prefix_and_version() -> None:
    for stream in streams.ALL:
        assert stream.name.startswith("hb.")
        assert stream.name.endswith(".v1")
