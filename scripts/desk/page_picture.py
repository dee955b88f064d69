"""Takes the picture of the page that the README shows, from a running desk, with the chromium of this machine.

python scripts/desk/page_picture.py                          # docs/img/page.png of the desk in data/run
python scripts/desk/page_picture.py --run-dir DIR --out FILE --scheme light

Needs Debian's chromium and the playwright package of requirements/dev.txt. Nothing but the page itself is asked.
"""

import argparse
import shutil
import sys
from pathlib import Path
from typing import Literal

from services.common.addresses import read_addresses
from services.common.errors import DeskError, ExitCode, NotRunning

REPO = Path(__file__).resolve().parents[2]
SIZE_BYTES_MAX = 300_000
SETTLE_MS = 3_000
Scheme = Literal["dark", "light"]
# As root in a closed network: no sandbox, and none of the look-ups a browser makes on its own account.
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")


def take_picture(
    url: str, out: Path, *, scheme: Literal["dark", "light"] = "dark", width: int = 1440, height: int = 900
) -> int:
    """Writes a PNG of the page once it is live and shows a bot; returns its size in bytes."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise DeskError("CHROMIUM_MISSING", "no chromium on the path", "apt-get install -y chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise DeskError("PLAYWRIGHT_MISSING", str(error), "uv pip install -r requirements/dev.txt") from error
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, headless=True, args=list(FLAGS))
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        page.goto(url)
        page.wait_for_function("() => document.querySelector('#connection').textContent === 'live'")
        page.wait_for_function("() => document.querySelector('#figure-mid') !== null")
        page.wait_for_timeout(SETTLE_MS)
        out.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(out))
        browser.close()
    return out.stat().st_size


def page_url(run_dir: Path) -> str:
    addresses = read_addresses(run_dir)
    url = addresses.url("desk_api") if addresses else None
    if url is None:
        raise NotRunning("DESK_NOT_RUNNING", f"{run_dir}/addresses.json names no page", "desk up")
    return url


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run-dir", type=Path, default=REPO / "data" / "run")
    parser.add_argument("--url", help="instead of the address in the run directory")
    parser.add_argument("--out", type=Path, default=REPO / "docs" / "img" / "page.png")
    parser.add_argument("--scheme", choices=("dark", "light"), default="dark")
    arguments = parser.parse_args(argv)
    try:
        size = take_picture(arguments.url or page_url(arguments.run_dir), arguments.out, scheme=arguments.scheme)
    except DeskError as error:
        print(error, file=sys.stderr)
        return int(error.exit_code)
    print(f"{arguments.out}: {size} bytes" + (f", above {SIZE_BYTES_MAX}" if size > SIZE_BYTES_MAX else ""))
    return int(ExitCode.OK if size <= SIZE_BYTES_MAX else ExitCode.ERROR)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
