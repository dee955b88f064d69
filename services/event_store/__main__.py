"""``python -m services.event_store --run-dir D --port P --redis-url URL``"""

import sys

from services.common.worker import run_service_main
from services.event_store.service import EventStore
from services.event_store.settings import EventStoreSettings

if __name__ == "__main__":
    sys.exit(run_service_main(sys.argv[1:], name="event_store", settings=EventStoreSettings, make=EventStore))
