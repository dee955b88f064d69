"""python -m services.gateway --run-dir D --port P --venue-url http://127.0.0.1:PV --redis-url URL --bots bot1,bot2"""

import sys

from services.common.worker import run_service_main, service_parser
from services.gateway.service import GatewayService
from services.gateway.settings import GatewaySettings


def main() -> int:
    parser = service_parser("gateway")
    parser.add_argument("--venue-url", help="the venue's REST and WebSocket, e.g. http://127.0.0.1:8123")
    parser.add_argument("--bots", help="bot ids, e.g. bot1,bot2")
    return run_service_main(
        sys.argv[1:],
        name="gateway",
        settings=GatewaySettings,
        make=GatewayService,
        parser=parser,
        flags_to_settings=("venue_url", "bots"),
        is_order_path=True,
    )


if __name__ == "__main__":
    sys.exit(main())
