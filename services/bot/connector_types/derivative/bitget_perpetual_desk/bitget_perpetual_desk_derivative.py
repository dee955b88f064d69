"""Where Hummingbot looks for the class by its naming rule; the class itself is services/bot/connector.py."""

from services.bot.connector import BitgetPerpetualDeskDerivative

__all__ = ["BitgetPerpetualDeskDerivative"]
