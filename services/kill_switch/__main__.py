"""``python -m services.kill_switch --run-dir D --port P --venue-url U --gateway-url G --redis-url R --bots bot1``"""

import sys

from services.common.worker import run_service_main, service_parser
from services.kill_switch.service import KillSwitch
from services.kill_switch.settings import KillSwitchSettings


def main() -> int:
    parser = service_parser("kill_switch")
    parser.add_argument("--venue-url", help="the venue itself, e.g. http://127.0.0.1:8123")
    parser.add_argument("--gateway-url", help="where the latch is set, e.g. http://127.0.0.1:8124")
    parser.add_argument("--bots", help="bot ids, e.g. bot1,bot2")
    return run_service_main(
        sys.argv[1:],
        name="kill_switch",
        settings=KillSwitchSettings,
        make=KillSwitch,
        parser=parser,
        flags_to_settings=("venue_url", "gateway_url", "bots"),
    )


if __name__ == "__main__":
    sys.exit(main())
