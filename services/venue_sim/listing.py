"""Which instruments the simulated exchange can list: the policy file's, else the built-in ones."""

from pathlib import Path

import msgspec

from services.common.errors import ConfigError
from services.common.yaml_file import read_yaml
from services.simulation.instruments import Instrument, default_instruments, instruments_from_policy
from services.simulation.units import make_grid


def listed_instruments(policy: Path) -> tuple[Instrument, ...]:
    """Raises ConfigError with path, value and example for a file that no market can be made of."""
    if not policy.exists():
        return default_instruments()
    raw = read_yaml(policy)
    try:
        listed = instruments_from_policy(raw)
        for instrument in listed:
            make_grid(instrument.rules.symbol, instrument.rules.tick_size, instrument.rules.lot_size)
            if instrument.start_price <= 0:
                raise ValueError(
                    f"instruments.{instrument.rules.symbol}: start_price {instrument.start_price}, allowed: above 0;"
                    " example: start_price 60000.0"
                )
    except KeyError as error:
        raise _bad(policy, f"{error} is missing; example: instruments: [...]") from error
    except (msgspec.ValidationError, ValueError) as error:
        raise _bad(policy, str(error)) from error
    return listed


def _bad(policy: Path, text: str) -> ConfigError:
    return ConfigError("E_CFG_INVALID", f"{policy}: {text}", "data/policies/instruments.yml in the repository is whole")
