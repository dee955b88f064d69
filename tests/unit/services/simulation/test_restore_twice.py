"""A venue that is killed twice in a row must not fall back to what its accounts started with."""

from decimal import Decimal

from services.common import venue
from services.simulation.exchange import Change, Exchange
from services.simulation.instruments import default_instruments
from services.simulation.params import ExchangeParams

START_MS = 1_750_000_000_000


def a_venue() -> Exchange:
    return Exchange(
        default_instruments()[:1], {"bot1": Decimal(100_000)}, "calm", 7, START_MS, ExchangeParams(history_minutes=5)
    )


def test_a_wallet_survives_two_restarts_without_a_change_between_them() -> None:
    rows: dict[tuple[str, str], str] = {}

    def write(exchange: Exchange) -> None:
        for change in exchange.drain_changes():
            if change.value is None:
                rows.pop((change.kind, change.key), None)
            else:
                rows[change.kind, change.key] = change.value

    first = a_venue()
    first.advance(START_MS + 1_000)
    first.transfer("bot1", Decimal(1_000), START_MS + 1_000)
    write(first)
    for _ in range(2):
        again = a_venue()
        again.restore(Change(kind, key, value) for (kind, key), value in rows.items())  # type: ignore[arg-type]
        again.advance(START_MS + 2_000)
        write(again)
    account = again.handle(venue.GetAccount(account_id="bot1"), START_MS + 2_000)
    assert isinstance(account, venue.Account)
    assert account.wallet_quote == Decimal(101_000)
