"""``python -m services.bot.conformance --url http://127.0.0.1:8100 --run-dir DIR``: Hummingbot's cards, as JSON.

A process of its own, because Hummingbot keeps its singletons per process. `desk conformance bitget --client hummingbot`
starts it beside a venue.
"""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path

import msgspec

from services.bot import hummingbot_paths
from services.dialects.cards import Outcome, numbers, play_async


async def play(url: str, run_dir: Path, only: frozenset[int] | None) -> list[Outcome]:
    # Imported here: Hummingbot reads its paths when its modules are loaded.
    from hummingbot.client.hummingbot_application import HummingbotApplication

    from services.bot.client_config import client_config
    from services.bot.conformance import account_cards, market_cards, order_cards
    from services.bot.conformance.bench import HummingbotBench
    from services.bot.quiet import stop_dialling_out
    from services.common.clock import SystemClock

    # Otherwise the first warning builds the whole application with its screen, and nothing else happens for 28 s.
    application = HummingbotApplication.main_application(client_config_map=client_config("card"), headless_mode=True)
    stop_dialling_out(application.trading_core)
    clock = SystemClock()
    bench = HummingbotBench(url, run_dir, clock)
    decks = (market_cards.DECK, order_cards.DECK, account_cards.DECK)
    chosen = [card for deck in decks for card in deck.cards if only is None or card.number in only]
    ticking = await bench.start()
    try:
        return await play_async(chosen, bench, clock, bench.reset)
    finally:
        ticking.cancel()
        await asyncio.wait({ticking})


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m services.bot.conformance", description=__doc__)
    parser.add_argument("--url", required=True, help="the venue")
    parser.add_argument("--run-dir", required=True, type=Path, help="the venue's run directory: keys, admin token")
    parser.add_argument("--cards", default="", help="only these numbers, e.g. 19-24")
    arguments = parser.parse_args(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="hb") as directory:
        instance = Path(directory)
        hummingbot_paths.claim(instance, instance / "controllers", instance / "scripts", Path(__file__).parents[3])
        outcomes = asyncio.run(play(arguments.url, arguments.run_dir, numbers(arguments.cards)))
    sys.stdout.buffer.write(msgspec.json.encode(outcomes) + b"\n")
    sys.stdout.flush()
    # Hummingbot leaves threads and sessions of its singletons behind; what there was to say is said.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
