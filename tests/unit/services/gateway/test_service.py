"""The gateway's process as its shell: what comes over the bus alone reaches the latch on disk, and bots hear of a pair
only while its book is sound."""

import itertools
import json
from decimal import Decimal
from types import SimpleNamespace

import ccxt.pro
import pytest

from services.common import venue
from services.common.settings import load_settings
from services.contracts import events as e
from services.dialects.bitget.session_client import BookBroken, ClientSession
from services.dialects.bitget.session_server import ServerSession
from services.gateway import messages as m
from services.gateway.latch_file import LatchFile
from services.gateway.service import GatewayService
from services.gateway.settings import GatewaySettings
from tests.fakes.fake_venue import SYMBOL
from tests.fakes.gateway_desk import POLICY_PATH
from tests.fakes.service_context import make_context

NOBODY = ["venue_url=http://127.0.0.1:1", "bots=bot1,bot2"]


@pytest.fixture
async def gateway(tmp_path):
    context = make_context(tmp_path, name="gateway")
    context.data_dir = POLICY_PATH.parents[1]
    settings = load_settings(GatewaySettings, service="gateway", overrides=NOBODY, environ={}).settings
    service = GatewayService(context, settings)
    await service._engine.start()
    yield service
    await service._engine.close()
    service._audit.close()


def latches(gateway: GatewayService) -> dict[str, str]:
    entries = LatchFile(gateway.context.run_dir / "gateway" / "latch.json").read()
    return {scope: entry.state for scope, entry in entries.items()}


def said(gateway: GatewayService, kind: type[e.Event], bot_id: str, source: str, **fields: object) -> e.AnyEvent:
    now_ms = gateway.context.clock.now_ms()
    return kind(  # type: ignore[return-value]
        event_id="e1", source=source, source_epoch=1, seq=1, bot_id=bot_id, ts_ms=now_ms, config_hash="", **fields
    )


async def test_a_latch_that_comes_over_the_bus_alone_is_on_disk_and_holds(gateway):
    halt = {"scope": "bot:bot1", "state": "HALTED", "reason": "KILL", "actor": "kill_switch"}
    await gateway.on_event(said(gateway, e.LatchV1, "bot1", "kill_switch", **halt))
    assert latches(gateway) == {"bot:bot1": "HALTED"}
    state = gateway._engine.gateway.state
    assert (state.latch_of("bot1").state, state.latch_of("bot2").state) == ("HALTED", "ACTIVE")


async def test_an_intent_to_kill_that_comes_over_the_bus_alone_is_on_disk_and_holds(gateway):
    expires_ms = gateway.context.clock.now_ms() + 10_000
    kill = {"action": "kill_switch", "reason": "DAILY_LOSS_LIMIT", "actor": "bot.bot2", "expires_at_ms": expires_ms}
    await gateway.on_event(said(gateway, e.IntentV1, "bot2", "bot.bot2", **kill))
    assert latches(gateway) == {"bot:bot2": "HALTED"}


async def test_nothing_on_the_bus_loosens(gateway):
    latch = {"scope": "bot:bot1", "reason": "MANUAL", "actor": "anna"}
    await gateway.on_event(said(gateway, e.LatchV1, "bot1", "kill_switch", state="HALTED", **latch))
    await gateway.context.clock.advance(5_000)
    for state in ("REDUCING", "ACTIVE"):
        await gateway.on_event(said(gateway, e.LatchV1, "bot1", "desk_api", state=state, **latch))
    assert latches(gateway) == {"bot:bot1": "HALTED"}


async def test_what_comes_over_the_bus_while_the_latch_is_unreadable_loosens_nothing(gateway):
    LatchFile(gateway.context.run_dir / "gateway" / "latch.json").path.write_text("{")
    halt = {"scope": "bot:bot1", "state": "HALTED", "reason": "KILL", "actor": "kill_switch"}
    await gateway.on_event(said(gateway, e.LatchV1, "bot1", "kill_switch", **halt))
    assert latches(gateway) == {"bot:bot1": "HALTED", "desk": "HALTED"}


async def test_the_gateway_knows_which_code_it_runs(gateway):
    assert len(gateway._engine.gateway.state.code_hash) == 64


# ----------------------------------------------------------------------------------------- what bots hear of the market


@pytest.fixture
def stream(gateway, monkeypatch):
    """The venue's public stream, and ``heard``: what came out of it at the bots' door."""
    heard: list[venue.Push] = []
    monkeypatch.setattr(gateway._server, "publish", heard.append)
    gateway._engine.feed(m.UpstreamLink("", True))
    return Stream(gateway, heard)


class Stream:
    def __init__(self, gateway: GatewayService, heard: list[venue.Push]) -> None:
        self.heard = heard
        self._gateway = gateway
        self._seqs = itertools.count(1)

    def books(self) -> list[venue.Book]:
        return [push.book for push in self.heard if isinstance(push, venue.BookPush)]

    def book(self, bid: str = "60000", ask: str = "60001", **wrong: object) -> None:
        """Two levels a side; ``wrong`` replaces fields."""
        bids, asks = ((Decimal(bid), 1), (Decimal(bid) - 1, 2)), ((Decimal(ask), 1), (Decimal(ask) + 1, 2))
        fields = {"bids": decimals(bids), "asks": decimals(asks), "ts_exch_ms": self._now_ms(), "seq": next(self._seqs)}
        self._say(venue.BookPush(book=venue.Book(symbol=SYMBOL, **{**fields, **wrong})))

    def ticker(self, mark: str = "60000.5") -> None:
        rest = dict.fromkeys(("bid_price", "bid_qty_base", "ask_price", "ask_qty_base", "last_price"), Decimal(60_000))
        day = dict.fromkeys(("high_24h", "low_24h", "open_24h", "base_volume_24h", "quote_volume_24h"), Decimal(1))
        ticker = venue.Ticker(
            symbol=SYMBOL,
            mark_price=Decimal(mark),
            index_price=Decimal(60_000),
            funding_rate_pct=Decimal(0),
            next_funding_ts_ms=0,
            ts_exch_ms=self._now_ms(),
            **rest,
            **day,
        )
        self._say(venue.TickerPush(ticker=ticker))

    def trade(self) -> None:
        trade = venue.PublicTrade(
            symbol=SYMBOL,
            trade_id=1,
            price=Decimal(60_000),
            qty_base=Decimal(1),
            taker_side="buy",
            ts_exch_ms=self._now_ms(),
        )
        self._say(venue.TradesPush(trades=(trade,)))

    def _say(self, push: venue.Push) -> None:
        self._gateway._venue_side.on_push("", push, self._now_ms())

    def _now_ms(self) -> int:
        return self._gateway.context.clock.now_ms()


def decimals(levels: object) -> tuple[tuple[Decimal, Decimal], ...]:
    return tuple((Decimal(price), Decimal(qty)) for price, qty in levels)  # type: ignore[attr-defined]


WRONG = {
    "crossed": {"bids": decimals([("60002", 1)])},
    "one-sided": {"asks": ()},
    "a thousand times too high": {"bids": decimals([("60000000", 1)]), "asks": decimals([("60001000", 1)])},
    "zero": {"bids": decimals([("0", 1)])},
    "not a number": {"bids": decimals([("NaN", 1)])},
    "out of sequence": {"seq": 0},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_f21_f22_f23_f27_of_a_pair_whose_book_is_wrong_bots_hear_nothing_until_sound_books_come_again(
    stream, wrong
):
    stream.book()
    stream.ticker()
    stream.trade()
    sound = list(stream.heard)
    assert [type(push) for push in sound] == [venue.BookPush, venue.TickerPush, venue.TradesPush]
    stream.book(**wrong)
    stream.ticker()
    stream.trade()
    assert stream.heard == sound, "neither the wrong book, nor anything that would make it look alive"
    for _ in range(3):
        stream.book("60002", "60003")
    stream.ticker()
    stream.trade()
    assert [type(push) for push in stream.heard[len(sound) :]] == [type(push) for push in sound]
    assert stream.books()[-1].bids[0][0] == 60_002


async def test_f21_f27_a_book_that_cannot_be_read_silences_its_pair_too(stream, gateway):
    stream.book()
    gateway._venue_side.on_event("", BookBroken(SYMBOL, "price=0 must be positive"))
    stream.ticker()
    stream.trade()
    assert len(stream.heard) == 1
    for _ in range(3):
        stream.book()
    stream.ticker()
    assert len(stream.heard) == 3


async def test_f27_a_mark_that_nothing_is_near_to_is_not_passed_on_and_the_book_is(stream):
    stream.book()
    stream.ticker("60000500")
    assert [type(push) for push in stream.heard] == [venue.BookPush]


async def test_a_bot_that_subscribes_while_the_book_is_wrong_is_not_handed_the_old_one_as_new(stream, gateway):
    sent: list[venue.Push] = []
    session = SimpleNamespace(account_id="", send=sent.append)
    gateway._front.engine = gateway._engine
    stream.book()
    stream.ticker()
    stream.book(asks=())
    for channel in ("books", "ticker"):
        gateway._front.on_subscribed(session, channel, SYMBOL)  # type: ignore[arg-type]
    assert sent == []
    for _ in range(3):
        stream.book()
    gateway._front.on_subscribed(session, "books", SYMBOL)  # type: ignore[arg-type]
    assert len(sent) == 1


def texts_of(books: list[venue.Book]) -> list[str]:
    """As a bot's session is sent them: a snapshot, then differences."""
    session = ServerSession("public", lambda _key: None, "diff")
    arg = {"instType": "USDT-FUTURES", "channel": "books", "instId": "BTCUSDT"}
    session.on_text(json.dumps({"op": "subscribe", "args": [arg]}), 0)
    return [text for book in books for text in session.encode_push(venue.BookPush(book=book), 0)]


async def test_a_gap_in_the_books_breaks_neither_sequence_nor_checksum_of_a_client(stream):
    for bid, wrong in (("60000", {}), ("60001", {}), ("60000", {"asks": ()}), *[("60010", {})] * 3, ("60011", {})):
        stream.book(bid, str(Decimal(bid) + 1), **wrong)
    told = stream.books()
    assert [book.bids[0][0] for book in told] == [60_000, 60_001, 60_010, 60_011]
    ours = ClientSession(symbols=(SYMBOL,))
    client = ccxt.pro.bitget()
    broken: list[str] = []
    client.spawn = lambda *what: broken.append(str(what[0]))  # type: ignore[method-assign]
    for text, book in zip(texts_of(told), told, strict=True):
        incoming = ours.on_text(text, 0)
        assert (incoming.events, [push.book for push in incoming.pushes]) == ([], [book])
        client.handle_order_book(SimpleNamespace(resolve=lambda *_: None), json.loads(text))
        (theirs,) = client.orderbooks.values()
        assert [level[0] for level in theirs["bids"]] == [float(price) for price, _ in book.bids]
    assert broken == []
