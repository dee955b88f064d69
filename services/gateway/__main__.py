"""python -m services.gateway --run-dir D --port P --venue-url http://127.0.0.1:PV --redis-url URL --bots bot1,bot2"""

import sys

from services.common.worker import run_service_main, service_parser
from services.gateway.service import GatewayService
from services.gateway.settings import GatewaySettings

SWITCH_INTERVAL_S = 0.0005  # the journal's thread must not wait 5 ms for the event loop to let it run


def main() -> int:
    sys.setswitchinterval(SWITCH_INTERVAL_S)
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
    )


if __name__ == "__main__":
    sys.exit(main())
