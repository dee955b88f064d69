"""Every card that ccxt plays."""

from scripts.desk.conformance import ccxt_accounts, ccxt_market, ccxt_orders, ccxt_special, ccxt_venue, ccxt_wire
from services.dialects.cards import Card

_MODULES = (ccxt_market, ccxt_orders, ccxt_accounts, ccxt_wire, ccxt_special, ccxt_venue)
CARDS: tuple[Card, ...] = tuple(card for module in _MODULES for card in module.DECK.cards)
