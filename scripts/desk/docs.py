"""`desk docs`: the reference pages under docs/reference are generated from the code, so that they stay true."""

from typing import Annotated

import typer

from services.common.errors import DeskError


def register(app: typer.Typer) -> None:
    docs = typer.Typer(no_args_is_help=True, help="Generated reference pages.")
    docs.command("generate")(generate)
    app.add_typer(docs, name="docs")


def generate(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a page is out of date.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> int:
    """Write docs/reference/*.md anew from the commands, events, streams, reason codes and settings.

    Example: desk docs generate --check
    """
    from scripts.desk.output import print_json
    from scripts.desk.reference import REFERENCE_DIR, pages

    stale = []
    for name, text in pages().items():
        path = REFERENCE_DIR / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if as_json:
        print_json({"stale" if check else "written": stale})
    elif not check:
        print(f"written: {', '.join(stale) or 'nothing, all pages are up to date'}")
    if check and stale:
        raise DeskError("REFERENCE_STALE", f"docs/reference: {', '.join(stale)} differ from the code", "make docs")
    return 0
