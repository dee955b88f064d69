"""``<data-dir>/release.json``: what every bot is released to run, and by whom. Written by the promotion, read here.

{"bots": {"bot1": {"config_hash": "…", "approver": "anna", "code_hash": "…"}}}; without code_hash code is not compared.
Without the file nothing is (sim). A file that cannot be read releases nothing: every bot it might speak of is refused.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from services.common.errors import DeskError
from services.common.files import read_json
from services.gateway.messages import Released

_NOTHING = Released("unreadable release.json", "")


class ReleaseFile:
    def __init__(self, path: Path, bots: Sequence[str]) -> None:
        self._path = path
        self._bots = tuple(bots)
        self._seen: tuple[int, int] | None = None
        self._is_read = False

    def changed(self) -> bool:
        return not self._is_read or self._identity() != self._seen

    def read(self) -> Mapping[str, Released]:
        self._seen, self._is_read = self._identity(), True
        if self._seen is None:
            return {}
        try:
            bots = read_json(self._path)["bots"]
            return {
                str(bot): Released(str(entry["config_hash"]), str(entry["approver"]), str(entry.get("code_hash", "")))
                for bot, entry in bots.items()
            }
        except (OSError, DeskError, KeyError, TypeError, AttributeError):
            return dict.fromkeys(self._bots, _NOTHING)

    def _identity(self) -> tuple[int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size
