"""Flags that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Configuration: bots, policies, catalogue.")]
RunDir = Annotated[Path | None, typer.Option("--run-dir", help="Everything a run writes; default <data-dir>/run.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
