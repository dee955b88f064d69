"""Dropping the oldest entries of a stream, only below what every reader has acknowledged.

A reader that stays behind holds memory, so beyond four times the cap only the event store's group is waited for: it has
everything on disk, and a slow reader rebuilds from there.
"""

from typing import Any

from services.contracts.streams import Stream

STEP = 2_000  # entries looked at per round trip
GUARD = 4


async def trim_stream(redis: Any, stream: Stream, *, keep_max: int, group: str) -> int:
    """Returns how many entries were dropped. Without the group nothing is dropped."""
    dropped = 0
    while (length := int(await redis.xlen(stream.name))) > keep_max:
        read_to = await _read_to(redis, stream.name, group, alone=length > GUARD * keep_max)
        if read_to is None:
            return dropped
        oldest = await redis.xrange(stream.name, count=min(length - keep_max, STEP) + 1)
        cut = min(read_to, _place(oldest[-1][0]))
        gone = int(await redis.xtrim(stream.name, minid=f"{cut[0]}-{cut[1]}", approximate=False))
        dropped += gone
        if not gone:
            return dropped
    return dropped


async def _read_to(redis: Any, name: str, group: str, *, alone: bool) -> tuple[int, int] | None:
    """The first place that some reader still needs; None when the event store does not read the stream."""
    places: list[tuple[int, int]] = []
    is_stored = False
    for info in await redis.xinfo_groups(name):
        group_name = info["name"].decode()
        is_stored = is_stored or group_name == group
        if alone and group_name != group:
            continue
        pending = await redis.xpending(name, group_name)
        if pending["pending"]:
            places.append(_place(pending["min"]))
        else:
            millis, seq = _place(info["last-delivered-id"])
            places.append((millis, seq + 1))
    return min(places) if is_stored else None


def _place(entry_id: bytes) -> tuple[int, int]:
    millis, _, seq = entry_id.decode().partition("-")
    return int(millis), int(seq or 0)
