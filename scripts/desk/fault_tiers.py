"""Where proofs stand, and of which tier they are: unit and virtual time, processes, the real host."""

from scripts.desk.fault_catalogue import Proof

CRASH = "desk drill crash"
GATEWAY = "tests/unit/services/gateway"
RATES = f"{GATEWAY}/limits/test_rates.py"
CONDITIONS = f"{GATEWAY}/limits/test_conditions.py"
KILL_SWITCH = "tests/unit/services/kill_switch"
SERVERS = "tests/unit/scripts/desk/supervisor/test_servers.py"
CERTIFICATES = "tests/unit/services/dialects/bitget/test_names_and_certificates.py"
CONNECTOR = "tests/unit/services/bot/test_connector.py"
E2E = "tests/e2e"


def logic(test: str, bound: str) -> Proof:
    return Proof("logic", bound, test)


def process(test: str, bound: str) -> Proof:
    return Proof("process", bound, f"{E2E}/{test}")


def host(test: str, bound: str) -> Proof:
    return Proof("host", bound, f"{E2E}/{test}")
