"""``python -m services.venue_sim --run-dir DIR --port 8100 [--market lively] [--seed 7]``: the simulated exchange."""

import sys

from services.common.worker import run_service_main, service_parser
from services.venue_sim.service import VenueSim
from services.venue_sim.settings import VenueSimSettings


def main(argv: list[str]) -> int:
    parser = service_parser("venue_sim")
    parser.add_argument("--market", help="preset or replay:<csv|parquet> (lively)")
    parser.add_argument("--seed", help="seed of the market (7)")
    parser.add_argument("--speed", help="speed of a replay (60 for one-minute candles, else 1)")
    return run_service_main(
        argv,
        name="venue_sim",
        settings=VenueSimSettings,
        make=VenueSim,
        parser=parser,
        flags_to_settings=("market", "seed", "speed"),
        is_order_path=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
