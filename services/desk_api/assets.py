"""The files the browser gets: our own from ``static/``, and the chart library out of the wheel that ships it.

The wheel of the PyPI package ``lightweight-charts`` carries TradingView's standalone build. The package is pinned by
hash in requirements/, its Python is never imported, and the one file served is checked against the digest below at
start: so that nothing but the reviewed build ever runs in the page. See docs/adr/0070-chart-library.md.
"""

import hashlib
from importlib import metadata, resources
from pathlib import Path
from typing import NamedTuple

from services.common.errors import DeskError

CHART_DISTRIBUTION = "lightweight-charts"
CHART_FILE = "lightweight_charts/js/lightweight-charts.js"
CHART_VERSION = "4.1.3"
CHART_SHA256 = "a7d4221516c7ea0bb0cc17d605df8848c1c748517a2ca43c2ce1a95ddb159006"
CHART_PATH = "lightweight-charts.js"

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class Asset(NamedTuple):
    body: bytes
    content_type: str


def load_assets() -> dict[str, Asset]:
    """Every file by its name in the URL. Raises DeskError when the chart library is absent or not the reviewed one."""
    assets = {
        entry.name: Asset(entry.read_bytes(), CONTENT_TYPES[suffix])
        for entry in resources.files("services.desk_api").joinpath("static").iterdir()
        if (suffix := entry.name[entry.name.rfind(".") :]) in CONTENT_TYPES
    }
    assets[CHART_PATH] = Asset(chart_library(), CONTENT_TYPES[".js"])
    return assets


def chart_library() -> bytes:
    try:
        body = Path(str(metadata.distribution(CHART_DISTRIBUTION).locate_file(CHART_FILE))).read_bytes()
    except (metadata.PackageNotFoundError, FileNotFoundError) as error:
        raise DeskError(
            "CHART_LIBRARY_MISSING", f"{CHART_FILE} of {CHART_DISTRIBUTION}: {error}", "make desk"
        ) from error
    digest = hashlib.sha256(body).hexdigest()
    if digest != CHART_SHA256:
        raise DeskError(
            "CHART_LIBRARY_CHANGED",
            f"sha256={digest}, reviewed={CHART_SHA256}",
            "review the new build, then set CHART_VERSION and CHART_SHA256 in services/desk_api/assets.py",
        )
    return body
