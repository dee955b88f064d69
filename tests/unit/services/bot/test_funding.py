"""Funding of the UTC day, from the account's bills: right again after a restart, zero on a new day."""

import asyncio
from decimal import Decimal

import pytest

from services.bot.funding import FundingToday
from services.common.clock import ManualClock

DAY_MS = 86_400_000
START = 1_700_006_400_000 // DAY_MS * DAY_MS + 3_600_000


class Connector:
    def __init__(self, *bills):
        self.bills, self.asked = bills, []

    async def funding_bills(self, since_ms):
        self.asked.append(since_ms)
        if isinstance(self.bills, Exception):
            raise self.bills
        return list(self.bills)


@pytest.fixture
def clock():
    return ManualClock(START)


def test_what_left_the_account_today_is_paid(clock):
    funding = FundingToday(clock)
    connector = Connector((START, Decimal("-1.5")), (START, Decimal("0.5")))
    asyncio.run(funding.refresh(connector))
    assert funding.paid_quote == Decimal(1)
    assert connector.asked == [START // DAY_MS * DAY_MS]


def test_it_is_asked_at_most_every_half_minute_and_an_error_leaves_the_figure(clock):
    funding, connector = FundingToday(clock), Connector((START, Decimal(-2)))

    async def run():
        await funding.refresh(connector)
        await funding.refresh(connector)
        await clock.advance(30_000)
        connector.bills = OSError("Cannot connect")
        await funding.refresh(connector)

    asyncio.run(run())
    assert len(connector.asked) == 2
    assert funding.paid_quote == Decimal(2)


def test_a_new_day_begins_at_nothing(clock):
    funding = FundingToday(clock)
    asyncio.run(funding.refresh(Connector((START, Decimal(-2)))))
    asyncio.run(clock.advance(DAY_MS))
    assert funding.paid_quote == Decimal(0)
