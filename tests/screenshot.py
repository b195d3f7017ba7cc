"""A picture of a page, for the README.

    python -m imageshelf demo demo
    python index.py demo --quiet
    python search.py --duplicates demo/camera demo/edited demo/turned --html page.html
    python -m tests.screenshot page.html docs/page.png

Needs Playwright for Python and Chromium. With --dark the dark page; --width in pixels.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.screenshot", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("page", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=930)
    parser.add_argument("--keys", nargs="*", default=["n", "a"], help="pressed before")
    options = parser.parse_args()
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as profile:
        context = driver.chromium.launch_persistent_context(
            profile,
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu"],
            viewport={"width": options.width, "height": options.height},
            color_scheme="dark" if options.dark else "light",
        )
        page = context.pages[0]
        page.goto(options.page.resolve().as_uri())
        page.wait_for_selector(".card img")
        for key in options.keys:
            page.keyboard.press(key)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(500)
        page.screenshot(path=options.picture)
        context.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
