"""Keys and tokens made on first start, mode 0600, under ``<run_dir>/secrets``. Real venue keys never come here.

One venue sub-account per bot (its id is the bot's) and one, "manual", for people and tests. What a bot signs with
towards the gateway is another key: no bot ever holds a venue key. The kill switch has a venue key of its own per
account, named ``<account>#kill``, so that a gateway key that is blocked or lost does not take its way to the venue
along.
"""

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from services.common.errors import DeskError
from services.common.files import write_json, write_text

MANUAL = "manual"
KILL_SUFFIX = "#kill"
DIR_NAME = "secrets"


class KeyTriple(NamedTuple):
    api_key: str
    secret: str
    passphrase: str

    def __repr__(self) -> str:
        return f"KeyTriple(api_key={self.api_key[:4]}…, secret=****, passphrase=****)"


class Secrets(NamedTuple):
    venue_accounts: dict[str, KeyTriple]  # key name ("bot1", "manual", "bot1#kill") -> what the venue knows
    bot_keys: dict[str, KeyTriple]  # bot id -> what the gateway knows
    keystore_password: str
    admin_token: str

    def __repr__(self) -> str:
        return f"Secrets(accounts={sorted(self.venue_accounts)}, bots={sorted(self.bot_keys)}, ****)"


def ensure_secrets(run_dir: Path, bots: Sequence[str]) -> Secrets:
    """Reads what is there and makes what is missing; never changes a key that exists. Safe to call from any process."""
    directory = run_dir / DIR_NAME
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    with _locked(directory):
        accounts = _ensure_keys(
            directory / "venue_accounts.json", [*bots, MANUAL, *(bot + KILL_SUFFIX for bot in bots)], "venue"
        )
        bot_keys = _ensure_keys(directory / "bot_keys.json", bots, "bot")
        password = _ensure_token(directory / "keystore_password", lambda: secrets.token_urlsafe(24))
        token = _ensure_token(directory / "admin_token", lambda: secrets.token_hex(24))
    return Secrets(accounts, bot_keys, password, token)


def account_of(key_name: str) -> str:
    """ "bot1" for "bot1" and for "bot1#kill"."""
    return key_name.partition("#")[0]


def read_admin_token(run_dir: Path) -> str:
    """What X-Hbot-Admin must carry; the desk makes it on first start."""
    return ensure_secrets(run_dir, ()).admin_token


def _ensure_keys(path: Path, owners: Sequence[str], prefix: str) -> dict[str, KeyTriple]:
    stored: dict[str, dict[str, str]] = {}
    if path.exists():
        try:
            stored = json.loads(path.read_text("ascii"))
            keys = {owner: KeyTriple(**triple) for owner, triple in stored.items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise DeskError("SECRETS_BROKEN", f"path={path}", "restore it; moving it away makes new keys") from error
    else:
        keys = {}
    missing = [owner for owner in dict.fromkeys(owners) if owner not in keys]
    for owner in missing:
        keys[owner] = KeyTriple(f"{prefix}_{secrets.token_hex(12)}", secrets.token_hex(32), secrets.token_hex(8))
    if missing or not path.exists():
        write_json(path, {owner: triple._asdict() for owner, triple in keys.items()}, mode=0o600)
    return keys


def _ensure_token(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        write_text(path, make() + "\n", mode=0o600)
    token = path.read_text("ascii").strip()
    if not token:
        raise DeskError("SECRETS_BROKEN", f"path={path} is empty", "restore it; moving it away makes a new one")
    return token


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    fd = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
