"""How soon the live page answers: many groups in Chromium, and a dropped picture among a million.

    python tests/benchmarks/review.py --groups 5000 --runs 3
    python tests/benchmarks/review.py --ask 1000000 --runs 9

The first serves the groups of page.py. *First view* is from the start of the navigation until every
picture on the screen is painted; a decision (`a`) and "Accept ... shown" are timed to the next
painted frame, and the latter until the server has kept all. The second drops a drawn JPEG of 12
megapixels on a shelf of drawn entries (shelf.py), after a first one that loads the hashes, in turns
with its decoding alone; it prints the memory of the process. Medians.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from imageshelf.cli.demo import write  # noqa: E402
from imageshelf.copies.groups import GroupOptions  # noqa: E402
from imageshelf.review.queries import Queries  # noqa: E402
from imageshelf.review.server import serve  # noqa: E402
from imageshelf.review.session import Review  # noqa: E402
from imageshelf.searching import queries, second_look  # noqa: E402
from imageshelf.workers.limited_map import LimitedMap  # noqa: E402
from tests.benchmarks import drawn, shelf  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

NEXT_FRAME = """act => new Promise((done) => {
  const start = performance.now();
  if (act === "all") document.getElementById("accept-all").click();
  else document.body.dispatchEvent(new KeyboardEvent("keydown", { key: act, bubbles: true }));
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
})"""


def visit(review: Review, link: str) -> list[float]:
    """Open the page in a new browser; return milliseconds: first view, decision, all, all kept."""
    from playwright.sync_api import sync_playwright

    from tests.benchmarks.page import FLAGS, WATCH

    with sync_playwright() as driver, tempfile.TemporaryDirectory() as profile:
        context = driver.chromium.launch_persistent_context(
            profile, executable_path=shutil.which("chromium"), args=FLAGS,
            viewport={"width": 1280, "height": 900},
        )  # fmt: skip
        tab = context.pages[0]
        tab.add_init_script(WATCH)
        tab.goto(link)
        tab.wait_for_url(link.split("?", maxsplit=1)[0])
        while not tab.evaluate("window.firstView"):
            time.sleep(0.05)
        first = float(tab.evaluate("window.firstView"))
        tab.evaluate(NEXT_FRAME, "n")
        decision = statistics.median(float(tab.evaluate(NEXT_FRAME, "a")) for _ in range(9))
        start = time.perf_counter()
        every = float(tab.evaluate(NEXT_FRAME, "all"))
        groups = review.groups
        while groups and len(review.marks()) < len(groups.sheet.groups):
            time.sleep(0.01)
        kept = 1000 * (time.perf_counter() - start)
        context.close()
    return [first, decision, every, kept]


def page_of(folder: str, number: int, runs: int) -> Iterator[str]:
    """Measure the page of so many groups."""
    from tests.benchmarks.page import sheet_of

    photos = os.path.join(folder, "demo")
    write(photos)
    pictures = sorted(str(path) for path in Path(photos).rglob("*.jpg"))
    measured = []
    for run in range(runs):
        review = Review(os.path.join(folder, f"{run}.shelve"), GroupOptions(), [photos])
        review.started.result()
        if review.groups is None:
            raise RuntimeError(review.jobs.outcome)
        sheet = sheet_of(pictures, number, 2)
        review.thumbnails.prepare([card for group in sheet.groups[:8] for card in group.cards])
        by_key = {group.key: group for group in sheet.groups}
        review.groups = review.groups._replace(sheet=sheet, by_key=by_key)
        review.shown()
        links: Queue[str] = Queue()
        thread = threading.Thread(target=serve, args=(review, 0, links.put))
        thread.start()
        try:
            measured.append(visit(review, links.get()))
        finally:
            review.closing = True
            thread.join()
            review.close()
    names = "first view", "a decision", "all that is shown", "all kept by the server"
    yield f"{number:,} groups"
    for name, values in zip(names, zip(*measured, strict=True), strict=True):
        middle = statistics.median(values)
        yield f"{name}: {middle:,.0f} ms, {min(values):,.0f} to {max(values):,.0f}"


def asked(folder: str, number: int, runs: int) -> Iterator[str]:
    """Measure a dropped picture."""
    path = os.path.join(folder, "db.shelve")
    shelf.filled(path, number)
    (name,) = drawn.draw(folder, 1, (4000, 3000))
    picture = Path(name).read_bytes()
    answers, decodings = [], []
    asking = Queries(path)
    with LimitedMap(second_look.WORK) as decoders:
        for _ in range(runs + 1):
            start = time.perf_counter()
            asking.ask(picture)
            answers.append(time.perf_counter() - start)
            start = time.perf_counter()
            list(queries.decoded(queries.expanded([name]), decoders, full_decode=False))
            decodings.append(time.perf_counter() - start)
    asking.close()
    answer, decoding = (1000 * statistics.median(some[1:]) for some in (answers, decodings))
    yield f"{number:,} pictures: {answer:.0f} ms from drop to answer"
    yield f"its decoding alone: {decoding:.0f} ms"
    yield f"the first one: {1000 * answers[0]:.0f} ms; memory {_memory_mb()} MB, workers apart"


def _memory_mb() -> int:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) // 1000 for line in status.splitlines() if "VmRSS" in line)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--groups", type=int, metavar="N")
    parser.add_argument("--ask", type=int, metavar="N")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IMAGESHELF_STATE"] = os.path.join(folder, "state")
        if args.groups:
            for line in page_of(folder, args.groups, args.runs):
                print(line, flush=True)
        if args.ask:
            for line in asked(folder, args.ask, args.runs):
                print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
