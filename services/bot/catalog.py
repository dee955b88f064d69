"""What bots made of the strategy catalogue: drift, ad-hoc overrides, references that lead nowhere. Reads files only.

A bot may pin the bundle it was set up with (``bundle_hash`` in its desk.yml); a bundle that changed since is drift.
"""

import hashlib
from pathlib import Path
from typing import Literal, NamedTuple

from services.bot.bundle import Bundle, bundles
from services.bot.config import CONTROLLER_FILE, ResolvedBot, resolve_bot, validate_file
from services.common.errors import DeskError
from services.common.files import canonical_json
from services.common.yaml_file import read_yaml

Kind = Literal["invalid", "drift", "override", "reference"]

_KINDS: dict[str, Kind] = {"BUNDLE_UNKNOWN": "reference", "OVERRIDE_NOT_ALLOWED": "override"}


class Finding(NamedTuple):
    kind: Kind
    where: str
    what: str
    fix: str


def check_catalog(data_dir: Path) -> list[Finding]:
    """Every bundle and every bot of the data directory. Empty when all is as it was approved."""
    findings: list[Finding] = []
    for name in bundles(data_dir / "catalog"):
        try:
            validate_file(data_dir / "catalog" / f"{name}.yml")
        except DeskError as error:
            findings.append(Finding("invalid", f"catalog/{name}.yml", error.text, error.next_step))
    for desk_file in sorted(data_dir.glob("*/desk.yml")):
        findings += _check_bot(data_dir, desk_file.parent.name)
    return findings


def hash_of_bundle(bundle: Bundle) -> str:
    """The first twelve digits name a bundle's content: values and envelope, not its label."""
    content = {
        "strategy": bundle.strategy,
        "params": bundle.params,
        "envelope": {name: [str(bound.least), str(bound.most)] for name, bound in bundle.envelope.items()},
    }
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:12]


def _check_bot(data_dir: Path, bot_id: str) -> list[Finding]:
    try:
        bot = resolve_bot(data_dir, bot_id)
    except DeskError as error:
        return [Finding(_KINDS.get(error.code, "invalid"), bot_id, error.text, error.next_step)]
    return [*_drift(bot), *_references(bot)]


def _drift(bot: ResolvedBot) -> list[Finding]:
    pinned = read_yaml(bot.data_dir / bot.bot_id / "desk.yml").get("bundle_hash")
    now = hash_of_bundle(bot.bundle)
    if pinned is None or str(pinned) == now:
        return []
    return [
        Finding(
            "drift",
            f"{bot.bot_id}/desk.yml",
            f"bundle {bot.bundle.name} changed since it was pinned: bundle_hash={pinned}, now {now}",
            f"read the change, then set bundle_hash: {now}",
        )
    ]


def _references(bot: ResolvedBot) -> list[Finding]:
    script = bot.scripts_conf_dir / f"{bot.bot_id}.yml"
    where = f"{bot.bot_id}/conf/scripts/{script.name}"
    if not script.exists():
        return [
            Finding("reference", where, f"{script} does not exist", f"copy another bot's and name {CONTROLLER_FILE}")
        ]
    raw = read_yaml(script)
    findings = []
    if raw.get("script_file_name") != "v2_with_controllers.py":
        named = raw.get("script_file_name")
        findings.append(
            Finding("reference", where, f"script_file_name={named!r}", "script_file_name: v2_with_controllers.py")
        )
    for name in raw.get("controllers_config") or []:
        if not (bot.controllers_conf_dir / str(name)).exists():
            findings.append(
                Finding("reference", where, f"controllers_config names {name}, which does not exist", CONTROLLER_FILE)
            )
    for name in bot.bundle.overridable:
        if name not in bot.values:
            findings.append(
                Finding(
                    "reference",
                    f"catalog/{bot.bundle.name}.yml",
                    f"overridable names {name}, no such value",
                    "remove it",
                )
            )
    return findings
