"""The only place that turns events into bytes and back.

One JSON object per event, Decimals as text, ``kind`` first. A newer producer's extra fields are ignored; an unknown
kind or a broken body is never dropped and never guessed: it comes back as ``Unreadable`` with its bytes, for the dead
letters.
"""

from typing import NamedTuple

import msgspec

from services.contracts import events as e
from services.contracts.events import AnyEvent

UNKNOWN_KIND = "UNKNOWN_KIND"
MALFORMED_EVENT = "MALFORMED_EVENT"

KINDS: dict[str, type[e.Event]] = {str(kind.__struct_config__.tag): kind for kind in AnyEvent.__args__}


class Unreadable(NamedTuple):
    """Bytes that this release cannot read; ``error`` starts with UNKNOWN_KIND or MALFORMED_EVENT."""

    kind: str  # "" when not even that could be read
    error: str
    raw: bytes


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The fields every event has, read without its body: three times faster, and enough to store and to count."""

    kind: str
    event_id: str
    source: str
    source_epoch: int
    seq: int
    bot_id: str
    ts_ms: int
    config_hash: str = ""
    cause_id: str | None = None


_encoder = msgspec.json.Encoder(decimal_format="string")
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
_envelope_decoder: msgspec.json.Decoder[Envelope] = msgspec.json.Decoder(Envelope)


def kind_of(event: AnyEvent | type[e.Event]) -> str:
    """ "fill.v1" for a FillV1 or its class."""
    return str(event.__struct_config__.tag)


def encode(event: AnyEvent) -> bytes:
    """One line of JSON, no newline inside or at the end."""
    return _encoder.encode(event)


def decode(raw: bytes | str) -> AnyEvent | Unreadable:
    try:
        return _decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _unreadable(raw, error)


def decode_envelope(raw: bytes | str) -> Envelope | Unreadable:
    """The envelope of any event, of known kind or not."""
    try:
        return _envelope_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _unreadable(raw, error)


def _unreadable(raw: bytes | str, error: Exception) -> Unreadable:
    raw_bytes = raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else bytes(raw)
    try:
        kind = _envelope_decoder.decode(raw_bytes).kind
    except (msgspec.DecodeError, UnicodeDecodeError):
        kind = ""
    if kind and kind not in KINDS:
        return Unreadable(kind, f"{UNKNOWN_KIND}: kind={kind}, known={len(KINDS)} kinds", raw_bytes)
    return Unreadable(kind, f"{MALFORMED_EVENT}: kind={kind or '?'}, {error}", raw_bytes)
