"""A Dask cluster on this machine, of real processes: started with the README's lines, and ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.conftest import ROOT

START_S = 120.0  # generous: three processes import Dask on a machine that may be busy


class Processes:
    """One scheduler and the workers that were started for it."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.folder = folder
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self._env = {**os.environ, "PYTHONPATH": path, **env}
        about = folder / "scheduler.json"
        self.scheduler = self._started("scheduler", "--port", "0", "--scheduler-file", str(about))
        deadline = time.monotonic() + START_S
        self.address = ""
        while not self.address:
            assert time.monotonic() < deadline
            assert self.scheduler.poll() is None, (folder / "scheduler.log").read_text()
            time.sleep(0.05)
            if about.exists() and about.read_text().endswith("}"):
                self.address = json.loads(about.read_text())["address"]
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_workers(self, count: int, threads: int = 1) -> None:
        """Start so many workers, each in a process that replaces it when it dies."""
        room = ("--local-directory", str(self.folder))
        number = ("--nworkers", str(count), "--nthreads", str(threads))
        self.workers.append(self._started("worker", self.address, *number, *room))

    def end(self) -> None:
        """Kill all at once: a worker that is just starting another takes long to end by itself."""
        for process in (*self.workers, self.scheduler):
            if os.name == "posix":
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
            process.wait()

    def _started(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        here = ("--host", "127.0.0.1", "--no-dashboard")
        with open(self.folder / f"{what}.log", "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", what, *options, *here],
                cwd=self.folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@contextmanager
def dask_processes(folder: Path, workers: int, **env: str) -> Iterator[Processes]:
    """Give a scheduler with so many workers of one thread; nothing is left behind."""
    processes = Processes(folder, **env)
    try:
        if workers:
            processes.add_workers(workers)
            processes_ready(processes.address, workers)
        yield processes
    finally:
        processes.end()


def processes_ready(address: str, workers: int) -> None:
    """Wait until so many workers have come."""
    from distributed import Client

    with Client(address, timeout=START_S, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=START_S)
