"""In the end all books are equal: venue, journal, drop copy, virtual accounts."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from scripts.simulate.bot_node import BotNode
from scripts.simulate.findings import Findings
from scripts.simulate.gateway_node import GatewayNode
from scripts.simulate.venue_node import START_QUOTE, VenueNode
from scripts.simulate.world import World
from services.common import venue
from services.gateway.records import TERMINAL, FillRecord, OrderRecord

ZERO = Decimal(0)


def settle(
    world: World, exchange: VenueNode, gateway: GatewayNode, bots: Sequence[BotNode], findings: Findings
) -> None:
    """I2, I3, I8 and I9 over the whole run."""
    for bot in bots:
        _settle_position(world, exchange, gateway, bot, findings)
        _settle_money(world, exchange, gateway, bot.bot_id, findings)
    _settle_events(exchange, gateway, findings)
    _settle_journal(exchange, gateway, bots, findings)


def _settle_position(world: World, exchange: VenueNode, gateway: GatewayNode, bot: BotNode, findings: Findings) -> None:
    """I2: the venue's position, its trades, the gateway's count."""
    request = venue.GetPositions(account_id=bot.bot_id)
    positions = exchange.exchange.handle(request, world.now_ms)
    assert isinstance(positions, tuple)
    held = sum((p.qty_base for p in positions if isinstance(p, venue.Position) and p.symbol == bot.symbol), ZERO)
    traded = exchange.positions.get((bot.bot_id, bot.symbol), ZERO)
    if traded != held:
        findings.say("I2", f"{bot.bot_id}: fills sum to {traded}, the venue holds {held}")
    if gateway.gateway is None:
        findings.say("I2", "the gateway is not running at the end")
        return
    ours = gateway.gateway.state.accounts[bot.bot_id].holding(bot.symbol).qty_base
    if ours != held:
        findings.say("I2", f"{bot.bot_id}: the gateway counts {ours}, the venue holds {held}")


def _settle_money(world: World, exchange: VenueNode, gateway: GatewayNode, bot_id: str, findings: Findings) -> None:
    """I3: the wallet is trades, fees, funding and transfers, to the last digit; and the gateway counted the same."""
    now_ms, read = world.now_ms, exchange.exchange.handle
    account = read(venue.GetAccount(account_id=bot_id), now_ms)
    assert isinstance(account, venue.Account)
    fills = [trade.fill for trade in exchange.trades.values() if trade.account_id == bot_id]
    realized = sum((fill.realized_pnl_quote for fill in fills), ZERO)
    fees = sum((fill.fee_quote for fill in fills), ZERO)

    def bills(kind: venue.BillKind) -> Decimal:
        rows = read(venue.GetBills(account_id=bot_id, kind=kind, limit=1_000), now_ms)
        assert isinstance(rows, tuple)
        return sum((bill.amount_quote for bill in rows if isinstance(bill, venue.Bill)), ZERO)

    funding, transfers = -bills("funding"), bills("transfer")
    wallet = START_QUOTE + realized - fees - funding + transfers
    if wallet != account.wallet_quote:
        findings.say("I3", f"{bot_id}: wallet {account.wallet_quote}, trades + fees + funding + transfers {wallet}")
    if gateway.gateway is None:
        return
    ours = gateway.gateway.state.accounts[bot_id]
    theirs = (realized, fees, funding, transfers)
    counted = (ours.realized_pnl_quote, ours.fees_quote, ours.funding_quote, ours.transfers_quote)
    if counted != theirs:
        names = "realised, fees, funding, transfers"
        findings.say("I3", f"{bot_id}: {names}: gateway {_text(counted)}, venue {_text(theirs)}")


def _settle_events(exchange: VenueNode, gateway: GatewayNode, findings: Findings) -> None:
    """I8: the drop copy has every trade, once, and nothing else."""
    for trade_id, times in gateway.fill_events.items():
        if times > 1:
            findings.say("I8", f"trade {trade_id} was published {times} times")
        if trade_id not in exchange.trades:
            findings.say("I8", f"trade {trade_id} was published and never happened")
    for trade_id in exchange.trades:
        if trade_id not in gateway.fill_events:
            findings.say("I8", f"trade {trade_id} was never published")


def _settle_journal(exchange: VenueNode, gateway: GatewayNode, bots: Sequence[BotNode], findings: Findings) -> None:
    """I1, I8, I9: what a next life would read is what happened at the venue, and says who is behind it."""
    rows: dict[tuple[str, str], OrderRecord] = {}
    fills: set[str] = set()
    for record in gateway.journal.values():
        if isinstance(record, FillRecord):
            fills.add(record.fill.trade_id)
        elif isinstance(record, OrderRecord):
            key = (record.account_id, record.client_order_id)
            if key not in rows or record.attempt > rows[key].attempt:
                rows[key] = record
    if lost := exchange.trades.keys() - fills:
        findings.say("I8", f"{len(lost)} trades are not in the journal: {min(lost)}")
    if invented := fills - exchange.trades.keys():
        findings.say("I8", f"{len(invented)} trades of the journal never happened: {min(invented)}")
    filled: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for trade in exchange.trades.values():
        filled[trade.account_id, trade.fill.client_order_id] += trade.fill.qty_base
    hashes = {bot.bot_id: bot.config_hash for bot in bots}
    for key in exchange.placed_ids:
        if key not in rows:
            findings.say("I1", f"{' '.join(key)}: accepted by the venue, no row in the journal")
    for key, row in rows.items():
        where = " ".join(key)
        if row.state not in TERMINAL:
            findings.say("I1", f"{where}: still {row.state} in the journal after the stop")
        if row.filled_base != filled[key]:
            findings.say("I8", f"{where}: filled {row.filled_base} in the journal, {filled[key]} at the venue")
        if key in exchange.placed_ids and (row.is_tombstone or row.state == "REFUSED"):
            findings.say("I1", f"{where}: accepted by the venue, {row.state} {row.reason} in the journal")
        if row.config_hash != hashes[row.bot_id] or not row.approver:
            findings.say("I9", f"{where}: config hash {row.config_hash!r}, approver {row.approver!r}")


def _text(values: tuple[Decimal, ...]) -> str:
    return ", ".join(map(str, values))
