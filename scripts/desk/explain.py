"""`desk explain`: from an effect back to its cause, event by event."""

from typing import Annotated, Any

import typer

from scripts.desk.options import DataDir, Json, RunDir
from scripts.desk.output import print_json
from scripts.desk.places import places
from scripts.desk.stored import event_line, stored_events
from services.common.errors import NotFound


def register(app: typer.Typer) -> None:
    app.command("explain")(explain)


def explain(
    event: Annotated[str, typer.Option("--event", help="event_id, from desk events tail --json or the page.")],
    data_dir: DataDir = None,
    run_dir: RunDir = None,
    as_json: Json = False,
) -> int:
    """Walk from an event to what caused it, cause by cause, and say what its reason code asks for next.

    Example: desk explain --event 0199c0de-0000-7000-8000-000000000000
    """
    by_id = {stored["event_id"]: stored for stored in stored_events(places(data_dir, run_dir).run_dir)}
    chain: list[dict[str, Any]] = []
    wanted: str | None = event
    while wanted in by_id and by_id[wanted] not in chain:
        chain.append(by_id[wanted])
        wanted = chain[-1].get("cause_id")
    if not chain:
        raise NotFound("EVENT_UNKNOWN", f"no stored event has the id {event}", "desk events tail --json")
    if as_json:
        print_json(chain)
        return 0
    for depth, stored in enumerate(chain):
        print(f"{'because ' if depth else ''}{event_line(stored)}")
    for line in _meanings(chain[0]):
        print(line)
    return 0


def _meanings(stored: dict[str, Any]) -> list[str]:
    from services.contracts.reasons import REASONS

    codes = [stored.get("reason", ""), *stored.get("reasons", [])]
    known = [REASONS[code] for code in codes if code in REASONS]
    return [f"{reason.code}: {reason.meaning}\nnext  {reason.next_step}" for reason in known]
