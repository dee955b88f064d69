"""``python -m services.desk_api --run-dir DIR --port 8000 --redis-url unix:///…/redis.sock``: the page."""

import logging
import sys

from services.common.worker import run_service_main
from services.desk_api.service import DeskApi
from services.desk_api.settings import DeskApiSettings

if __name__ == "__main__":
    logging.getLogger("httpx").setLevel(logging.WARNING)  # two questions a second are not worth a line each
    sys.exit(run_service_main(sys.argv[1:], name="desk_api", settings=DeskApiSettings, make=DeskApi))
