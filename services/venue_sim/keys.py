"""Which account an api key belongs to; an account may have several ("bot1", "bot1#kill").

A key made while the venue runs (a new bot) is found at its first use.
"""

from collections.abc import Callable, Mapping

from services.common.secrets import KeyTriple, account_of
from services.dialects.bitget.signing import AccountKey, Credentials

RELOAD_EVERY_MS = 1_000


class Keys:
    """``read`` gives every account's key as it stands on disk; ``on_account`` hears of accounts not seen before."""

    def __init__(
        self,
        read: Callable[[], Mapping[str, KeyTriple]],
        on_account: Callable[[str], None],
        monotonic_ms: Callable[[], int],
    ) -> None:
        self._read = read
        self._on_account = on_account
        self._monotonic_ms = monotonic_ms
        self._by_key: dict[str, AccountKey] = {}
        self._read_at_ms: int | None = None

    def find(self, api_key: str) -> AccountKey | None:
        """The owner; unknown keys make it look on disk again, at most once a second."""
        known = self._by_key.get(api_key)
        if known is None and (self._read_at_ms is None or self._monotonic_ms() - self._read_at_ms >= RELOAD_EVERY_MS):
            self.reload()
            known = self._by_key.get(api_key)
        return known

    def owner(self, api_key: str) -> str:
        """Account id for a log line, "" when nobody's."""
        known = self._by_key.get(api_key)
        return known.account_id if known else ""

    def reload(self) -> None:
        self._read_at_ms = self._monotonic_ms()
        for key_name, triple in self._read().items():
            if triple.api_key not in self._by_key:
                account_id = account_of(key_name)
                is_new = all(known.account_id != account_id for known in self._by_key.values())
                self._by_key[triple.api_key] = AccountKey(account_id, Credentials(*triple))
                if is_new:
                    self._on_account(account_id)
