"""Pictures and shelves in the states that tests begin with."""

from __future__ import annotations

import atexit
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from PIL import Image

from tests import slow_tests

if TYPE_CHECKING:
    from imageshelf.searching.second_look import Pair

with pytest.MonkeyPatch.context() as _while_it_loads:  # what is started says so for itself
    _while_it_loads.setenv("OPENBLAS_NUM_THREADS", "1")  # a second one only spins, waiting for work
    import numpy as np

# The marks of this run, and of the processes that it starts, are by a key of its own.
os.environ["IMAGESHELF_STATE"] = tempfile.mkdtemp(prefix="imageshelf-state-")
atexit.register(shutil.rmtree, os.environ["IMAGESHELF_STATE"], ignore_errors=True)
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the scripts of the top level
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background of a shell: what
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests interrupt would wait for ever
settings.register_profile("patient", deadline=None)  # a busy machine is no bug
settings.load_profile("patient")


def drawn(seed: int, size: tuple[int, int] = (160, 120)) -> Image.Image:
    """Return a picture with the broad patches of a photograph, another for every seed."""
    patches = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), np.uint8)
    return Image.fromarray(patches).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return a picture as a file of this format of Pillow's, HEIF included."""
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def tree(root: Path, *names: str) -> Path:
    """Make a small file for each name, with the folders that it lies in."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of six pictures in two folders, beside which there is room for a shelf."""
    folder = tmp_path / "photos"
    (folder / "trip").mkdir(parents=True)
    for seed in range(6):
        name = f"trip/{seed}.jpg" if seed > 3 else f"{seed}.jpg"
        drawn(seed).save(folder / name, quality=90)
    return folder


@pytest.fixture(scope="session")
def drawn_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration pictures, written once for all the workers of a run, and left alone."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo"
    if not shared.exists():
        own = tmp_path_factory.mktemp("written") / "demo"
        command = [sys.executable, "-m", "imageshelf", "demo", str(own)]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        with suppress(OSError):  # another worker was quicker
            own.rename(shared)
    return shared


if sys.platform in {"win32", "darwin"}:

    @pytest.fixture(autouse=True)
    def no_trash(monkeypatch: pytest.MonkeyPatch) -> None:
        """Tests end before they put something into this system's trash: it is the user's own."""
        skip = partial(pytest.skip, "the trash of this system cannot be another one for a test")
        monkeypatch.setattr("imageshelf.cleanup.trash.put", lambda _: skip())


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Pair]:
    """Every pair that is looked at."""
    from imageshelf.searching.second_look import SecondLook

    pairs: list[Pair] = []
    look = SecondLook.at

    def noted(self: SecondLook, wanted: list[Pair], *rest: object) -> object:
        pairs.extend(wanted)
        return look(self, wanted, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(SecondLook, "at", noted)
    return pairs


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are started without a measurement of coverage, which imports and writes files."""
    for name in [name for name in os.environ if name.startswith("COVERAGE_PROCESS")]:
        monkeypatch.delenv(name)


@pytest.fixture
def script_run() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run one of the scripts, or the package by its name, in a process of its own."""

    def run(
        name: str, *args: object, cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        what = [str(ROOT / name)] if name.endswith(".py") else ["-m", name]
        return subprocess.run(
            [sys.executable, *what, *map(str, args)],
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            capture_output=True,
            text=True,
            errors="surrogateescape",
            stdin=subprocess.DEVNULL,
            check=False,
        )

    return run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="leave out what tests/slow.txt names")
    parser.addoption("--measure", action="store_true", help="time the tests, write tests/slow.txt")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.measure and not hasattr(config, "workerinput"):
        config.pluginmanager.register(slow_tests.Measurement())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long tests and those of the benchmarks to `-m`, and to whoever names their file."""
    named = " ".join(config.args)
    slow = slow_tests.listed() if config.option.quick else frozenset()

    def is_wanted(item: pytest.Item) -> bool:
        if item.nodeid.partition("[")[0] in slow:
            return False
        long = item.get_closest_marker("stress") and "::" not in named
        of_a_benchmark = item.get_closest_marker("benchmarks") and item.path.name not in named
        return bool(config.option.markexpr) or not (long or of_a_benchmark)

    config.hook.pytest_deselected(items=[item for item in items if not is_wanted(item)])
    items[:] = filter(is_wanted, items)
