"""The results of clean, undo, purge and history, as text and as JSON. Nothing here prints."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from imageshelf.cleanup import planning
from imageshelf.report import csv_table
from imageshelf.system import terminal
from imageshelf.system.program import typed
from imageshelf.system.words import count, nearby, shown, size

if TYPE_CHECKING:
    from imageshelf.cleanup.apply import Result
    from imageshelf.cleanup.history import Past, PastFile, Unfinished
    from imageshelf.cleanup.purging import Purged
    from imageshelf.cleanup.undo_run import Undone

FIELDS = ("action", "path", "place", "freed_bytes", "reason")
DONE = {
    planning.SET_ASIDE: "set aside",
    planning.TRASH: "put into the trash",
    planning.HARD_LINK: "replaced by hard links",
    planning.DELETE: "deleted for good",
}


HOLDING = {planning.SET_ASIDE, planning.TRASH}  # the file is in another place
STRANGERS = (
    "Not made by you on this computer, or by an earlier version: {runs}. To take one back all the "
    "same: undo --trust RUN --below DIR"
)


def of_shelf(shelve: str) -> str:
    """Return the option that names a shelf, "" for the one that is taken without it.

    >>> of_shelf("db.shelve"), of_shelf("my photos.db")
    ('', " --shelve 'my photos.db'")
    """
    return "" if shelve == "db.shelve" else f" --shelve {terminal.quoted(shelve)}"


def result_text(result: Result, shelve: str = "db.shelve", *, way_back: bool = True) -> str:
    """Return what a clean-up did: the number, what was left alone and why, and the `way_back`."""
    lines = [f"left {shown(nearby(path))}: it {shown(reason)}" for path, reason in result.left]
    freed = size(sum(done.freed_bytes for done in result.done))
    place = f" into {shown(nearby(result.folder))}" if result.folder and result.done else ""
    lines.append(f"{count(len(result.done), 'file')} {DONE[result.action]}{place}: {freed}")
    if result.left:
        lines[-1] += f"; {count(len(result.left), 'file')} left alone"
    if number := len(result.taken_over):
        lines.append(f"What was written about them is in {count(number, 'sidecar')} now.")
    if result.stopped:
        lines.append("Stopped by you; what was done is complete.")
    if result.done and result.action == planning.SET_ASIDE:
        lines.append(f"To free the space: {typed('purge')} {result.run}{of_shelf(shelve)}")
    if way_back and (line := undo_line(result, shelve)):
        lines.append(line)
    return "\n".join(lines) + "\n"


def undo_line(result: Result, shelve: str = "db.shelve") -> str:
    """Return how to take a clean-up back; "" if nothing was done, or deleted for good."""
    if not result.done or result.action == planning.DELETE:
        return ""
    return f"To take it back: {typed('undo')} {result.run}{of_shelf(shelve)}"


def result_json(result: Result) -> str:
    """Return what a clean-up did as one JSON document."""
    document = {
        "run": result.run,
        "action": result.action,
        "folder": result.folder,
        "stopped": result.stopped is not None,
        "taken_over": list(result.taken_over),
        "done": [done._asdict() for done in result.done],
        "left": [left._asdict() for left in result.left],
    }
    return json.dumps(document, indent=2) + "\n"


def result_csv(result: Result) -> bytes:
    """Return a CSV table of files: where each is now, or why it was left alone."""
    done = ({**file._asdict(), "action": result.action} for file in result.done)
    left = ({**file._asdict(), "action": "left alone"} for file in result.left)
    return csv_table.table(FIELDS, [*done, *left])


def result_null(result: Result) -> bytes:
    """Return the bare paths of what went."""
    return csv_table.null_paths(done.path for done in result.done)


def undone_text(undone: Undone) -> str:
    """Return what an undo brought back, and what it could not."""
    lines = [f"not back: {shown(nearby(path))} {shown(why)}" for path, why in undone.lost]
    lines.append(f"{count(len(undone.back), 'file')} of clean-up {undone.run} back in place")
    return "\n".join(lines) + "\n"


def purge_text(purged: Purged, *, would: bool) -> str:
    """Return what a purge freed, or would free, and what stays and why."""
    freed = size(sum(file.freed_bytes for file in purged.freed))
    files = count(len(purged.freed), "file")
    lines = [
        f"Clean-up {purged.run}: {files} {'to free' if would else 'deleted for good'}, {freed}"
    ]
    if would:
        lines += [f"delete {shown(nearby(file.place))}" for file in purged.freed]
    lines += [f"left {shown(nearby(path))}: it {shown(reason)}" for path, reason in purged.left]
    return "\n".join(lines) + "\n"


def trust_text(run: int, files: Sequence[tuple[str, str, str]]) -> str:
    """Return every file of a clean-up, with what undoing it on trust would do."""
    lines = []
    for path, place, why in files:
        if why:
            lines.append(f"leave {shown(nearby(path))}: it {shown(why)}")
        else:
            source = f" from {shown(nearby(place))}" if place else ""
            lines.append(f"bring back {shown(nearby(path))}{source}")
    going = sum(not why for _, _, why in files)
    lines.append(f"{count(going, 'file')} of clean-up {run} to bring back")
    return "\n".join(lines) + "\n"


def history_text(past: Sequence[Past], cells: int = 0, shelve: str = "db.shelve") -> str:
    """Return all clean-ups as a table, oldest first."""
    if not past:
        return "There has been no clean-up.\n"
    rows = [["run", "started", "files", "action", "state", "folder"]]
    for run in past:
        started = dt.datetime.fromtimestamp(run.started_ns / 1e9, dt.UTC).astimezone()
        rows.append(
            [
                str(run.run),
                f"{started:%Y-%m-%d %H:%M}",
                f"{run.done + run.undone + run.purged:,}",
                shown(run.action),
                _state(run),
                shown(nearby(run.folder)),
            ]
        )
    fit = terminal.Fit(cells, 5)
    lines = [terminal.columns(rows, right={0, 2}, fit=fit)]
    lines.append(f"The files of one: {typed('history')} {past[-1].run}{of_shelf(shelve)}")
    lines += [_unfinished_line(run.run, file) for run in past for file in run.unfinished]
    if strangers := [str(run.run) for run in past if not run.ours]:
        lines.append(STRANGERS.format(runs=", ".join(strangers)))
    return "\n".join(lines) + "\n"


def _state(run: Past) -> str:
    """Return what became of a clean-up in a word, or two numbers."""
    if run.purged and not run.done + run.undone:
        return "purged"
    parts = {"undone": run.undone, "purged": run.purged}
    some = ", ".join(f"{number:,} {word}" for word, number in parts.items() if number)
    return some if some and run.done + run.purged else run.state


def files_text(files: Sequence[PastFile]) -> str:
    """Return what became of each file of a clean-up, and where it is now."""
    lines = []
    for file in files:
        what = shown(file.action if file.state == "done" else file.state)
        path, place = shown(nearby(file.path)), shown(nearby(file.place))
        lines.append(f"{what}  {path}")
        if place and file.state == "done" and file.action in HOLDING:
            lines.append(f"  now  {place}")
        if file.reason:
            lines.append(f"  it {shown(file.reason)}")
    return "\n".join(lines) + "\n" if lines else "No file of it was touched.\n"


def files_json(files: Sequence[PastFile]) -> str:
    """Return the files of a clean-up as one JSON document."""
    return json.dumps([file._asdict() for file in files], indent=2) + "\n"


def _unfinished_line(run: int, file: Unfinished) -> str:
    where = f"is now {shown(nearby(file.place))}" if file.place else "may be in the trash"
    return (
        f"clean-up {run} was cut short: {shown(nearby(file.path))} {where}; the next clean --apply "
        "or undo puts it right"
    )


def history_json(past: Sequence[Past]) -> str:
    """Return all clean-ups as one JSON document."""
    runs = [
        {**run._asdict(), "unfinished": [file._asdict() for file in run.unfinished]} for run in past
    ]
    return json.dumps(runs, indent=2) + "\n"


def pairs_text(pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> str:
    """Return the pairs remembered as no duplicates, one a line."""
    if not pairs:
        return "No pictures are remembered as no duplicates.\n"
    sides = [tuple(" = ".join(map(shown, side)) for side in pair) for pair in pairs]
    return "".join(f"{a}  is not  {b}\n" for a, b in sides)
