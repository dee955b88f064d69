from pathlib import Path

import pytest

from services.common.errors import DeskError
from services.common.secrets import ensure_secrets


def test_made_once_and_the_same_ever_after(tmp_path: Path) -> None:
    first = ensure_secrets(tmp_path, ["bot1"])
    assert ensure_secrets(tmp_path, ["bot1"]) == first
    assert set(first.venue_accounts) == {"bot1", "bot1#kill", "manual"}
    assert set(first.bot_keys) == {"bot1"}


def test_a_new_bot_gets_keys_and_the_others_keep_theirs(tmp_path: Path) -> None:
    first = ensure_secrets(tmp_path, ["bot1"])
    second = ensure_secrets(tmp_path, ["bot1", "bot2"])
    assert second.bot_keys["bot1"] == first.bot_keys["bot1"]
    assert "bot2" in second.venue_accounts


def test_a_bot_key_is_never_a_venue_key(tmp_path: Path) -> None:
    secrets = ensure_secrets(tmp_path, ["bot1", "bot2"])
    keys = [*secrets.venue_accounts.values(), *secrets.bot_keys.values()]
    assert len({key.secret for key in keys}) == len(keys)


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    ensure_secrets(tmp_path, ["bot1"])
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    for path in (tmp_path / "secrets").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path.name


def test_their_text_form_shows_nothing(tmp_path: Path) -> None:
    secrets = ensure_secrets(tmp_path, ["bot1"])
    shown = repr(secrets) + repr(secrets.bot_keys["bot1"])
    assert secrets.bot_keys["bot1"].secret not in shown
    assert secrets.admin_token not in shown
    assert secrets.keystore_password not in shown


def test_a_broken_file_is_named_and_never_overwritten(tmp_path: Path) -> None:
    ensure_secrets(tmp_path, ["bot1"])
    path = tmp_path / "secrets" / "bot_keys.json"
    path.write_text("{half")
    with pytest.raises(DeskError, match="SECRETS_BROKEN"):
        ensure_secrets(tmp_path, ["bot1"])
    assert path.read_text() == "{half"
