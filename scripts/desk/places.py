"""Where things lie: the repository, the data directory (configuration), the run directory (what a run writes)."""

from pathlib import Path
from typing import NamedTuple

from services.common.errors import ConfigError

REPO = Path(__file__).resolve().parents[2]
DEFAULT_DATA_DIR = REPO / "data"


class Places(NamedTuple):
    data_dir: Path
    run_dir: Path

    @property
    def flag(self) -> str:
        """What a command needs behind it to mean this run directory; "" when it is the usual one."""
        return "" if self.run_dir == DEFAULT_DATA_DIR / "run" else f" --run-dir {self.run_dir}"

    @property
    def logs(self) -> Path:
        return self.run_dir / "logs"

    @property
    def lock_file(self) -> Path:
        return self.run_dir / "desk.lock"

    @property
    def last_run(self) -> Path:
        """The summary of the newest run that came to its end, with the pid of its desk."""
        return self.run_dir / "reports" / "last_run.json"

    def log_of(self, process: str) -> Path:
        """What it logs, as JSON lines."""
        return self.logs / f"{process}.log"

    def output_of(self, process: str) -> Path:
        """What it printed: nothing, unless it could not start or the interpreter itself complained."""
        return self.logs / f"{process}.out"


def places(data_dir: Path | None, run_dir: Path | None) -> Places:
    """Absolute paths from the flags; the run directory lies inside the data directory unless it is given."""
    data = Path(data_dir or DEFAULT_DATA_DIR).absolute()
    run = Path(run_dir or data / "run").absolute()
    if not data.is_dir():
        raise ConfigError("DATA_DIR_MISSING", f"{data} is not a directory", f"desk up --data-dir {DEFAULT_DATA_DIR}")
    if run.exists() and not run.is_dir():
        raise ConfigError("RUN_DIR_UNUSABLE", f"--run-dir {run} is a file", "desk up --run-dir <a directory>")
    return Places(data, run)


def require_bots(data_dir: Path) -> list[str]:
    """A directory without one is a mistyped path, and nothing found wrong in it is no good news."""
    bots = known_bots(data_dir)
    if not bots:
        raise ConfigError("NO_BOTS", f"no */desk.yml under {data_dir}", f"--data-dir {DEFAULT_DATA_DIR}")
    return bots


def known_bots(data_dir: Path) -> list[str]:
    """Bots that have a configuration under the data directory."""
    return sorted(path.parent.name for path in data_dir.glob("*/desk.yml"))
