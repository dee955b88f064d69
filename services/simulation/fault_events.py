"""What the venue does by itself under a fault plan: trades of a stranger, transfers, halts, changed rules, imposed
trades.
"""

from services.common import venue
from services.simulation.exchange import Exchange
from services.simulation.faults import Rule


def strike(exchange: Exchange, rule: Rule, begins: bool, now_ms: int) -> None:
    """Carry out one event of ``FaultPlan.events``. A rule without account or symbol means every account, every pair."""
    exchange.advance(now_ms)
    accounts = [rule.account] if rule.account else list(exchange.accounts())
    symbols = [rule.symbol] if rule.symbol else list(exchange.instruments)
    operator = exchange.operator
    match rule.fault:
        case "halt_symbol":
            for symbol in symbols:
                operator.halt(symbol, begins)
        case "change_rules":
            for symbol in symbols:
                operator.change_rules(symbol, rule.factor if begins else 1)
        case "fee_change":
            for account in accounts:
                operator.change_fees(account, rule.factor if begins else 1)
        case _ if begins:
            _once(exchange, rule, accounts, symbols, now_ms)


def _once(exchange: Exchange, rule: Rule, accounts: list[str], symbols: list[str], now_ms: int) -> None:
    operator = exchange.operator
    match rule.fault:
        case "transfer":
            for account in accounts:
                exchange.transfer(account, rule.amount, now_ms)
        case "funding_charge":
            for symbol in symbols:
                operator.charge_funding(symbol, rule.amount)
        case "price_shock":
            for symbol in symbols:
                operator.shock(symbol, rule.amount)
        case "reduce_position" | "adl":
            reason = "ADL" if rule.fault == "adl" else "LIQUIDATION"
            for account in accounts:
                for symbol in symbols:
                    operator.reduce_position(account, symbol, rule.fraction, reason)
        case "manual_trade":
            for account in accounts:
                exchange.handle(
                    venue.PlaceOrder(
                        account_id=account,
                        symbol=symbols[0],
                        client_order_id="",
                        side=rule.side,
                        order_type="market",
                        time_in_force="gtc",
                        qty_base=rule.amount,
                        price=None,
                    ),
                    now_ms,
                )
