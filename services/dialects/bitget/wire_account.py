"""Account, position and bill rows, each pair of functions writing and reading one row of Bitget's wire. Pure.

A position is an amount with ``holdSide`` on the wire and signed here. One-way mode throughout.
"""

from collections.abc import Mapping
from typing import Any

from services.common import venue
from services.dialects.bitget.symbols import to_pair, to_symbol
from services.dialects.bitget.text import ZERO, NotReadable, decimal_of, int_of, plain, str_of
from services.dialects.bitget.wire_market import Row

BILL_TYPES: dict[str, str] = {
    "funding": "contract_settle_fee",
    "open_fee": "open_long",
    "close_fee": "close_long",
    "realized_pnl": "realized_pnl",
    "transfer": "trans_from_exchange",
    "liquidation_fee": "force_close_long",
    "insurance": "risk_captital_user_transfer",  # the venue's own spelling
}
# What a key may do, in the venue's words (spot/account/Get-Account-Info): "…r" reads, "…w" reads and writes.
_READS = ("coor", "cpor", "stor", "smor", "ttor", "wtor", "taxr", "chor", "p2pr", "pllr", "readonly")
_RIGHTS: dict[str, str] = {
    **dict.fromkeys(_READS, "read"),
    **dict.fromkeys(("coow", "cpow", "stow", "smow", "ttow", "trade"), "trade"),
    "wtow": "transfer",
    "wwow": "withdraw",
    "chow": "sub_account",  # may make sub-accounts and keys for them
    **dict.fromkeys(("p2p", "p2pw"), "p2p"),
    "pllw": "loan",
}
_RIGHT_TO_WIRE: dict[str, tuple[str, ...]] = {
    "read": ("coor", "cpor", "stor"),
    "trade": ("coow", "cpow"),
    "transfer": ("wtow",),
    "withdraw": ("wwow",),
    "sub_account": ("chow",),
    "p2p": ("p2p",),
    "loan": ("pllw",),
}
_BILL_FROM_WIRE: dict[str, Any] = {wire: kind for kind, wire in BILL_TYPES.items()}


def key_rights_row(key: venue.KeyRights) -> Row:
    """The data of ``spot/account/info``, as far as anybody here reads it."""
    words = [word for right in key.rights for word in _RIGHT_TO_WIRE.get(right, (right,))]
    return {"userId": "", "ips": "", "authorities": words, "traderType": "not_trader"}


def key_rights_from_row(row: Mapping[str, Any]) -> venue.KeyRights:
    """A word that is not known here keeps its name: whoever judges the key does not know it either."""
    words = row["authorities"]
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise NotReadable(f"authorities={words!r}: expected a list of words")
    return venue.KeyRights(rights=tuple(sorted({str(_RIGHTS.get(word, word)) for word in words})))


def account_row(account: venue.Account) -> Row:
    """One row of ``account/accounts``."""
    available, equity = plain(account.available_quote), plain(account.equity_quote)
    unrealized = plain(account.unrealized_pnl_quote)
    return {
        "marginCoin": account.asset,
        "locked": plain(account.frozen_quote),
        "available": plain(account.wallet_quote),
        "crossedMaxAvailable": available,
        "isolatedMaxAvailable": available,
        "maxTransferOut": available,
        "accountEquity": equity,
        "usdtEquity": equity,
        "btcEquity": "0",
        "crossedRiskRate": "0",
        "unrealizedPL": unrealized,
        "coupon": "0",
        "crossedUnrealizedPL": unrealized,
        "isolatedUnrealizedPL": "0",
        "assetMode": "single",
    }


def account_from_row(row: Mapping[str, Any], ts_ms: int) -> venue.Account:
    equity, unrealized = decimal_of(row, "accountEquity"), decimal_of(row, "unrealizedPL", ZERO)
    return venue.Account(
        asset=str_of(row, "marginCoin"),
        equity_quote=equity,
        wallet_quote=equity - unrealized,
        available_quote=decimal_of(row, "crossedMaxAvailable"),
        frozen_quote=decimal_of(row, "locked", ZERO),
        unrealized_pnl_quote=unrealized,
        position_mode=position_mode_of(row),
        ts_ms=ts_ms,
    )


def account_settings_row(settings: venue.AccountSettings) -> Row:
    """``account/account``: the account, with leverage and modes of one symbol."""
    leverage = str(settings.leverage)
    return {
        **account_row(settings.account),
        "crossedMarginLeverage": settings.leverage,
        "isolatedLongLever": settings.leverage,
        "isolatedShortLever": settings.leverage,
        "longLeverage": leverage,
        "shortLeverage": leverage,
        "marginMode": settings.margin_mode,
        "posMode": settings.account.position_mode,
    }


def account_settings_from_row(symbol: str, row: Mapping[str, Any], ts_ms: int) -> venue.AccountSettings:
    margin_mode = margin_mode_of(row)
    lever = "crossedMarginLeverage" if margin_mode == "crossed" else "isolatedLongLever"
    return venue.AccountSettings(
        account=account_from_row(row, ts_ms), symbol=symbol, leverage=int_of(row, lever), margin_mode=margin_mode
    )


def account_push_row(account: venue.Account) -> Row:
    """The row of the WebSocket ``account`` channel."""
    available, equity = plain(account.available_quote), plain(account.equity_quote)
    return {
        "marginCoin": account.asset,
        "frozen": plain(account.frozen_quote),
        "available": plain(account.wallet_quote),
        "maxOpenPosAvailable": available,
        "maxTransferOut": available,
        "equity": equity,
        "usdtEquity": equity,
        "crossedRiskRate": "0",
        "unrealizedPL": plain(account.unrealized_pnl_quote),
    }


def account_from_push_row(row: Mapping[str, Any], ts_ms: int) -> venue.Account:
    equity, unrealized = decimal_of(row, "equity"), decimal_of(row, "unrealizedPL", ZERO)
    return venue.Account(
        asset=str_of(row, "marginCoin"),
        equity_quote=equity,
        wallet_quote=equity - unrealized,
        available_quote=decimal_of(row, "maxOpenPosAvailable"),
        frozen_quote=decimal_of(row, "frozen", ZERO),
        unrealized_pnl_quote=unrealized,
        position_mode="one_way_mode",
        ts_ms=ts_ms,
    )


def position_row(position: venue.Position, *, push: bool = False) -> Row:
    """REST rows name the pair ``symbol``, pushes ``instId``."""
    amount = plain(abs(position.qty_base))
    symbol = to_symbol(position.symbol)
    row: Row = {
        "marginCoin": position.symbol.partition("-")[2],
        "holdSide": "long" if position.qty_base > 0 else "short",
        "marginSize": plain(position.margin_quote),
        "available": amount,
        "total": amount,
        "leverage": str(position.leverage),
        "achievedProfits": plain(position.realized_pnl_quote),
        "openPriceAvg": plain(position.entry_price),
        "marginMode": position.margin_mode,
        "posMode": "one_way_mode",
        "unrealizedPL": plain(position.unrealized_pnl_quote),
        "liquidationPrice": "0" if position.liquidation_price is None else plain(position.liquidation_price),
        "keepMarginRate": plain(position.maintenance_margin_pct),
        "markPrice": plain(position.mark_price),
        "breakEvenPrice": plain(position.entry_price),
        "totalFee": "",
        "deductedFee": "0",
        "assetMode": "single",
        "autoMargin": "off",
        "cTime": str(position.created_ts_ms),
        "uTime": str(position.updated_ts_ms),
    }
    if push:
        return {**row, "posId": f"{symbol}-net", "instId": symbol, "frozen": "0", "marginRate": "0"}
    return {**row, "symbol": symbol, "openDelegateSize": "0", "locked": "0", "marginRatio": "0", "grant": ""}


def position_from_row(row: Mapping[str, Any]) -> venue.Position:
    """Of either kind of row."""
    total, hold_side = decimal_of(row, "total"), str_of(row, "holdSide")
    if hold_side not in ("long", "short"):
        raise NotReadable(f"holdSide={hold_side!r}: expected long or short")
    liquidation = decimal_of(row, "liquidationPrice", ZERO)
    return venue.Position(
        symbol=to_pair(str_of(row, "symbol", row.get("instId"))),
        qty_base=total if hold_side == "long" else -total,
        entry_price=decimal_of(row, "openPriceAvg"),
        mark_price=decimal_of(row, "markPrice", ZERO),
        unrealized_pnl_quote=decimal_of(row, "unrealizedPL", ZERO),
        realized_pnl_quote=decimal_of(row, "achievedProfits", ZERO),
        leverage=int_of(row, "leverage"),
        margin_mode=margin_mode_of(row),
        margin_quote=decimal_of(row, "marginSize", ZERO),
        maintenance_margin_pct=decimal_of(row, "keepMarginRate", ZERO),
        liquidation_price=liquidation if liquidation > 0 else None,
        created_ts_ms=int_of(row, "cTime", 0),
        updated_ts_ms=int_of(row, "uTime", 0),
    )


def bill_row(bill: venue.Bill) -> Row:
    return {
        "billId": bill.bill_id,
        "symbol": to_symbol(bill.symbol) if bill.symbol else "",
        "amount": plain(bill.amount_quote),
        "fee": "0",
        "feeByCoupon": "",
        "businessType": BILL_TYPES[bill.kind],
        "coin": bill.symbol.partition("-")[2] or "USDT",
        "balance": plain(bill.balance_quote),
        "cTime": str(bill.ts_ms),
    }


def bill_from_row(row: Mapping[str, Any]) -> venue.Bill | None:
    """None for a kind of movement the desk has no word for."""
    kind = _BILL_FROM_WIRE.get(str_of(row, "businessType"))
    if kind is None:
        return None
    symbol = str_of(row, "symbol", "")
    return venue.Bill(
        bill_id=str_of(row, "billId"),
        symbol=to_pair(symbol) if symbol else "",
        kind=kind,
        amount_quote=decimal_of(row, "amount"),
        balance_quote=decimal_of(row, "balance", ZERO),
        ts_ms=int_of(row, "cTime"),
    )


def margin_mode_of(row: Mapping[str, Any]) -> venue.MarginMode:
    mode = str_of(row, "marginMode", "crossed")
    if mode == "crossed":
        return "crossed"
    if mode == "isolated":
        return "isolated"
    raise NotReadable(f"marginMode={mode!r}: expected crossed or isolated")


def position_mode_of(row: Mapping[str, Any]) -> venue.PositionMode:
    mode = str_of(row, "posMode", "one_way_mode")
    if mode == "one_way_mode":
        return "one_way_mode"
    if mode == "hedge_mode":
        return "hedge_mode"
    raise NotReadable(f"posMode={mode!r}: expected one_way_mode or hedge_mode")
