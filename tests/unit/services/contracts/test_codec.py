import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts import events as e
from services.contracts.codec import KINDS, Unreadable, decode, decode_envelope, encode, kind_of
from tests.fakes.example_events import any_event, example

ALL_KINDS = sorted(KINDS.items())
kinds = pytest.mark.parametrize("kind", [kind for _, kind in ALL_KINDS], ids=[name for name, _ in ALL_KINDS])


@given(event=st.one_of([any_event(kind) for _, kind in ALL_KINDS]))
@settings(max_examples=400, deadline=None)
def test_what_is_encoded_decodes_to_itself(event: e.AnyEvent) -> None:
    raw = encode(event)
    assert decode(raw) == event
    assert b"\n" not in raw
    assert b"\t" not in raw  # the spool's separator


@kinds
def test_every_kind_has_a_golden_file_that_is_what_it_encodes_to(kind: type[e.Event], check_golden) -> None:
    text = json.dumps(json.loads(encode(example(kind))), indent=2) + "\n"
    check_golden(f"contracts/{kind_of(kind)}.json", text)


@kinds
def test_fields_of_a_newer_producer_are_ignored(kind: type[e.Event]) -> None:
    event = example(kind)
    newer = {**json.loads(encode(event)), "a_field_of_next_year": {"deep": [1, 2]}}
    assert decode(json.dumps(newer)) == event


@kinds
def test_an_older_producer_without_the_defaulted_fields_is_read(kind: type[e.Event]) -> None:
    plain = json.loads(encode(example(kind)))
    for field in msgspec.structs.fields(kind):
        if not field.required:
            del plain[field.name]
    assert type(decode(json.dumps(plain))) is kind


def test_an_unknown_kind_keeps_its_bytes_and_says_so() -> None:
    raw = encode(example(e.FillV1)).replace(b"fill.v1", b"fill.v9")
    unread = decode(raw)
    assert isinstance(unread, Unreadable)
    assert (unread.kind, unread.raw) == ("fill.v9", raw)
    assert unread.error.startswith("UNKNOWN_KIND")
    envelope = decode_envelope(raw)
    assert not isinstance(envelope, Unreadable)
    assert envelope.kind == "fill.v9"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"kind":"fill.v1"}',
        encode(example(e.FillV1)).replace(b'"60123.40"', b'"sixty"', 1),
        encode(example(e.FillV1))[:-20],
    ],
)
def test_broken_bytes_are_kept_and_named_malformed(raw: bytes) -> None:
    unread = decode(raw)
    assert isinstance(unread, Unreadable)
    assert unread.raw == raw
    assert unread.error.startswith("MALFORMED_EVENT")


@kinds
def test_the_envelope_alone_agrees_with_the_event(kind: type[e.Event]) -> None:
    event = example(kind)
    envelope = decode_envelope(encode(event))
    assert not isinstance(envelope, Unreadable)
    assert (envelope.kind, envelope.event_id, envelope.source, envelope.seq, envelope.bot_id, envelope.ts_ms) == (
        kind_of(kind),
        event.event_id,
        event.source,
        event.seq,
        event.bot_id,
        event.ts_ms,
    )
