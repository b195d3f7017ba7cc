"""How soon a page of many groups can be looked at, and how large it is.

    python tests/benchmarks/page.py [PHOTOS] --groups 5000 --runs 5

PHOTOS is any folder of pictures (default: drawn scenes); they stand in for the pictures of as many
groups as wanted, each with a thumbnail of its own. The page is written as `search.py --html` does
and opened in a new Chromium process each time: *first view* is from the start of the navigation
until every picture on the screen is decoded and painted, *loaded* until the whole page is read. A
key press (`n`) and a filter are timed to their next painted frame. Needs Playwright and Chromium.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from imageshelf.cli.demo import write  # noqa: E402
from imageshelf.report.cards import ASIDE, KEEP, Card, CardGroup, Sheet  # noqa: E402
from imageshelf.report.page import write_page  # noqa: E402

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
WATCH = """
function look() {
  const seen = [...document.querySelectorAll(".picture img")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.top < innerHeight && box.bottom > 0;
  });
  if (seen.length && seen.every((one) => one.complete && one.naturalWidth))
    requestAnimationFrame(() => { window.firstView = performance.now(); });
  else requestAnimationFrame(look);
}
requestAnimationFrame(look);
"""
NEXT_FRAME = """act => new Promise((done) => {
  const start = performance.now();
  if (act === "key") document.body.dispatchEvent(
    new KeyboardEvent("keydown", { key: "n", bubbles: true }));
  else { const box = document.querySelector("#kinds input");
    box.checked = !box.checked; box.dispatchEvent(new Event("change", { bubbles: true })); }
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
})"""


@dataclass(frozen=True)
class Timing:
    """Milliseconds in the browser."""

    first_view: float
    loaded: float
    key: float
    filtering: float


def sheet_of(pictures: list[str], groups: int, size: int) -> Sheet:
    """Return a sheet of groups of so many pictures each, the pictures taken in turn."""
    found = []
    for at in range(groups):
        names = [pictures[(at * size + one) % len(pictures)] for one in range(size)]
        cards = [
            Card(
                name, f"{at}/{one}-{os.path.basename(name)}", ASIDE if one else KEEP,
                kind=("near", "turned")[at % 2] if one else "", facts=("2 bits apart", "score 9"),
                reason="more pixels: 4000x3000 against 1600x1200", width=4000, height=3000,
                size_bytes=os.path.getsize(name), score=at % 60,
            )
            for one, name in enumerate(names)
        ]  # fmt: skip
        found.append(CardGroup(cards[0].label, tuple(cards)))
    return Sheet("Duplicates", tuple(found), ("As many as there are.",), "/db.shelve", ("python",))


def opened(page: Path) -> Timing:
    """Open a page in a new browser; return how long it took."""
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as profile:
        context = driver.chromium.launch_persistent_context(
            profile, executable_path=shutil.which("chromium"), args=FLAGS,
            viewport={"width": 1280, "height": 900},
        )  # fmt: skip
        tab = context.pages[0]
        tab.add_init_script(WATCH)
        tab.goto(page.as_uri(), wait_until="load")
        while not tab.evaluate("window.firstView"):  # the page's policy forbids to wait in it
            time.sleep(0.05)
        loaded = tab.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
        steps = [tab.evaluate(NEXT_FRAME, "key") for _ in range(5)]
        filters = [tab.evaluate(NEXT_FRAME, "filter") for _ in range(4)]
        answer = Timing(
            tab.evaluate("window.firstView"), loaded, statistics.median(steps),
            statistics.median(filters),
        )  # fmt: skip
        context.close()
    return answer


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", nargs="?", type=Path)
    parser.add_argument("--groups", type=int, default=5000)
    parser.add_argument("--size", type=int, default=2, help="pictures a group")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="leave the page here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photos = options.photos
        if photos is None:
            photos = Path(folder, "demo")
            write(str(photos))
        suffixes = {".jpg", ".jpeg", ".png", ".webp"}
        pictures = sorted(
            str(path) for path in photos.resolve().rglob("*") if path.suffix.lower() in suffixes
        )
        page = options.keep or Path(folder, "page.html")
        start = time.perf_counter()
        write_page(str(page), sheet_of(pictures, options.groups, options.size))
        written_s = time.perf_counter() - start
        number, total = options.groups * options.size, page.stat().st_size
        print(f"{options.groups:,} groups, {number:,} pictures, {len(pictures)} different")
        print(f"page: {total / 1e6:.1f} MB, {total / number / 1000:.1f} kB a picture, "
              f"written in {written_s:.1f} s")  # fmt: skip
        runs = [opened(page.resolve()) for _ in range(options.runs)]
    for name in ("first_view", "loaded", "key", "filtering"):
        values = sorted(getattr(run, name) for run in runs)
        print(f"{name.replace('_', ' '):>10}: median {statistics.median(values):,.0f} ms, "
              f"from {values[0]:,.0f} to {values[-1]:,.0f}")  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
