"""Clean-ups and their actions, recorded on the shelf before anything happens to a file.

A clean-up is `running`, then `done`, `stopped` (by the user) or `cut off` (its process died), and
after an undo `undone` or `partly undone`. An action is `doing` (it may have happened), `done`,
`left` (it did not happen and will not), `undoing` or `undone`; a file that was set aside is
`purging` and `purged` when it is deleted after all. An action that takes a picture off
the shelf carries the picture's whole record, so that undo restores it without decoding.

A shelf may come from anybody, so each row carries a mark (see `marks`) that is renewed with its
state. `ours` tells whether this user's own run wrote the row, for the paths that its names lead to
now. Nothing acts on a row that is not ours unless the user says so, and such a row never becomes
ours.

The column `stat` is JSON: the numbers in NUMBERS and the keeper's name; of a picture also what the
plan said of the two (`kind`, `turn`, `chosen`) and `entry`, the record made by
`imageshelf.shelf.snapshots`; of a companion `companion_of`, the name of its picture.
"""

import json
import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from imageshelf.shelf import Shelf, names
from imageshelf.shelf.cleanup_marks import RowMarks
from imageshelf.shelf.database import Database
from imageshelf.shelf.records import signed
from imageshelf.system import discarded

RUNNING, DONE, STOPPED, CUT_OFF = "running", "done", "stopped", "cut off"
UNDONE, PARTLY = "undone", "partly undone"
DOING, LEFT, UNDOING = "doing", "left", "undoing"
PURGING, PURGED = "purging", "purged"
RUN_STATES = frozenset({RUNNING, DONE, STOPPED, CUT_OFF, UNDONE, PARTLY})
STATES = frozenset({DOING, DONE, LEFT, UNDOING, UNDONE, PURGING, PURGED})

NUMBERS = (  # of `stat`
    "inode", "size_bytes", "mtime_ns", "mode", "uid", "gid", "keeper_inode", "keeper_mtime_ns",
)  # fmt: skip

BEGIN = "INSERT INTO cleanup (started_ns, state, options) VALUES (?, ?, ?) RETURNING id"
SET_RUN = "UPDATE cleanup SET state = ?, options = ?, mark = ? WHERE id = ?"
RUN = "SELECT id, started_ns, state, options, mark FROM cleanup WHERE id = ?"
RUNS = "SELECT id, started_ns, state, options, mark FROM cleanup ORDER BY id"
RIVALS = "SELECT id, state, options FROM cleanup WHERE id <> ? ORDER BY id"
CLAIMED = "SELECT n, source, stat FROM action WHERE cleanup_id = ? AND n > ? ORDER BY n"
ADD = """INSERT INTO action (cleanup_id, n, verb, source, target, digest, stat, state, reason, mark)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
SET = """UPDATE action SET state = ?, target = ?, digest = ?, reason = ?, mark = ?
    WHERE cleanup_id = ? AND n = ?"""
ACTIONS = """SELECT n, verb, source, target, digest, stat, state, reason, mark FROM action
    WHERE cleanup_id = ? ORDER BY n"""
UNFINISHED = "SELECT DISTINCT cleanup_id FROM action WHERE state IN ('doing', 'undoing', 'purging')"
COUNTS = "SELECT cleanup_id, verb, state, count(*) FROM action GROUP BY 1, 2, 3"
VERDICT = """UPDATE picture SET sound = ?, pixel_digest = coalesce(?, pixel_digest)
    WHERE id = ? AND size_bytes = ? AND mtime_ns = ?"""
SET_ASIDE_IN = """SELECT target FROM action WHERE cleanup_id = ? AND target IS NOT NULL
    AND state IN ('done', 'undoing')"""
UPDATE_FILE = "UPDATE picture SET mtime_ns = ?, device = ?, inode = ?, nlink = ? WHERE name = ?"


class Cleanup(NamedTuple):
    """One clean-up; `option` has its action, its folder and the topmost folder it made."""

    id: int
    started_ns: int
    state: str
    options: dict[str, Any]
    ours: bool = False

    def option(self, name: str) -> str:
        """Return the option `action`, `folder` or `made` (names as on the shelf), or ""."""
        value = self.options.get(name)
        return value if isinstance(value, str) else ""


class Action(NamedTuple):
    """One file of a clean-up; `source` and `target` are names as on the shelf."""

    n: int
    verb: str
    source: bytes
    target: bytes | None
    digest: bytes | None
    stat: dict[str, Any]
    state: str
    reason: str
    ours: bool = False


class Claim(NamedTuple):
    """An action about to happen; `keeper` is the name that must stay for it, or b""."""

    action: Action
    keeper: bytes


class Rivals:
    """The files that other clean-ups of this shelf remove or rely on.

    Rivals are clean-ups that are running, and those that ended after `since_ns`: a plan made
    earlier does not know what they removed. Those in `dead` say that they run and do not.
    """

    def __init__(self, since_ns: int, dead: Collection[int] = ()) -> None:
        self.since_ns, self.dead = since_ns, dead
        self._seen: dict[int, tuple[int, set[bytes], set[bytes]]] = {}

    def read(self, db: Database, own: int) -> None:
        """Read the claims made since the last call; call inside a transaction."""
        rivals = [
            number
            for number, state, options in db.select_all(RIVALS, (own,))
            if (state == RUNNING and number not in self.dead)
            or (state != UNDONE and _ended_ns(db, options) >= self.since_ns)
        ]
        self._seen = {n: self._seen.get(n, (-1, set(), set())) for n in rivals}
        for number, (last, sources, keepers) in list(self._seen.items()):
            for n, source, stat in db.select(CLAIMED, (number, last)):
                last = n  # noqa: PLW2901
                sources.add(source)
                keepers.add(names.to_bytes(str(_parsed(db, stat).get("keeper", ""))))
            self._seen[number] = last, sources, keepers

    def objection(self, source: bytes, keeper: bytes) -> str:
        """Return why an action would conflict with another clean-up, or ""."""
        for _, sources, keepers in self._seen.values():
            if keeper and keeper in sources:
                return "stays: another clean-up is about to remove the copy to keep"
            if source in keepers:
                return "is the copy that another clean-up keeps"
            if source in sources:
                return "is being removed by another clean-up"
        return ""


class Actions:
    """The tables cleanup and action of one shelf open for writing."""

    def __init__(self, shelf: Shelf) -> None:
        self.catalogue = shelf.whole_catalogue()
        self.db = self.catalogue.db
        self._marks = RowMarks(shelf)

    # -- clean-ups --------------------------------------------------------------------------

    def begin(self, options_of: Callable[[int], Mapping[str, str]]) -> int:
        """Record that a clean-up starts; return its number.

        `options_of` returns the options of the clean-up of that number. Raises UserKeyError if
        there is no place for the user's key.
        """
        self._marks.require_key()
        with self.db.transaction():
            started = time.time_ns()
            number = int(self.db.select(BEGIN, (started, RUNNING, "{}"))[0][0])
            options = dict(options_of(number))
            mark = self._marks.of(*_marked(Cleanup(number, started, RUNNING, options)))
            self.db.write(SET_RUN, (RUNNING, json.dumps(options), mark, number))
        return number

    def set_options(self, run: int, options: Mapping[str, str]) -> None:
        """Change the options of a clean-up that has just begun."""
        with self.db.transaction():
            for row in self.db.select(RUN, (run,)):
                after = self._cleanup(*row)._replace(options=dict(options))
                mark = self._marks.of(*_marked(after))
                self.db.write(SET_RUN, (after.state, json.dumps(after.options), mark, run))

    def set_run(self, run: int, state: str) -> None:
        """Change the state of a clean-up; when it first ends, record the time."""
        with self.db.transaction():
            for row in self.db.select(RUN, (run,)):
                before = self._cleanup(*row)
                options = {"ended_ns": time.time_ns()} | before.options
                after = before._replace(state=state, options=options)
                mark = self._marks.of(*_marked(after)) if before.ours else None
                self.db.write(SET_RUN, (state, json.dumps(options), mark, run))

    def drop(self, run: int) -> None:
        """Forget a clean-up that did nothing."""
        with self.db.transaction():
            self.db.write("DELETE FROM cleanup WHERE id = ?", (run,))

    def runs(self) -> list[Cleanup]:
        """Return all clean-ups, oldest first."""
        return [self._cleanup(*row) for row in self.db.select_all(self._sql(RUNS))]

    def _sql(self, select: str) -> str:
        """Return a query in the words of the shelf's version: the first has no marks."""
        return select if self.db.version > 1 else select.replace(", mark FROM", ", NULL FROM")

    def unfinished(self) -> set[int]:
        """Return the numbers of the clean-ups that have actions under way, or half done."""
        return {run for (run,) in self.db.select_all(UNFINISHED)}

    def _cleanup(
        self, run: int, started: object, state: str, text: object, mark: object
    ) -> Cleanup:
        if not isinstance(started, int) or state not in RUN_STATES:
            raise self.db.wrong(f"is damaged: impossible clean-up {run}")
        cleanup = Cleanup(run, started, state, _parsed(self.db, text))
        return cleanup._replace(ours=self._marks.fits(mark, *_marked(cleanup)))

    def counts(self) -> dict[int, dict[tuple[str, str], int]]:
        """Return, for each clean-up, how many actions have each (verb, state)."""
        counts: dict[int, dict[tuple[str, str], int]] = {}
        for run, verb, state, number in self.db.select_all(COUNTS):
            counts.setdefault(run, {})[verb, state] = number
        return counts

    # -- actions ----------------------------------------------------------------------------

    def claim(self, run: int, claims: Sequence[Claim], rivals: Rivals) -> list[str]:
        """Record the actions that no other clean-up objects to as about to happen.

        Return the objection to each, "" for those recorded. One transaction, so that no two
        clean-ups each rely on the copy that the other is about to remove.
        """
        with self.db.transaction():
            rivals.read(self.db, run)
            objections = [rivals.objection(claim.action.source, claim.keeper) for claim in claims]
            self.db.write_many(
                ADD,
                (
                    (
                        *(run, a.n, a.verb, a.source, a.target, a.digest, _packed(a), DOING),
                        *(a.reason, self._marks.of(*_marked_action(run, a._replace(state=DOING)))),
                    )
                    for (a, _), objection in zip(claims, objections, strict=True)
                    if not objection
                ),
            )
        return objections

    def of(self, run: int) -> list[Action]:
        """Return the actions of a clean-up in order."""
        actions = []
        for n, verb, source, target, digest, stat, state, reason, mark in self.db.select(
            self._sql(ACTIONS), (run,)
        ):
            if not (
                isinstance(n, int)
                and isinstance(source, bytes)
                and isinstance(target, (bytes, type(None)))
                and isinstance(digest, (bytes, type(None)))
                and state in STATES
                and isinstance(verb, str)
            ):
                raise self.db.wrong(f"is damaged: impossible action {n} of clean-up {run}")
            known = _parsed(self.db, stat)
            if not all(type(known.get(field)) is int for field in NUMBERS):
                raise self.db.wrong(f"is damaged: impossible action {n} of clean-up {run}")
            action = Action(n, verb, source, target, digest, known, state, str(reason or ""))
            ours = self._marks.fits(mark, *_marked_action(run, action))
            actions.append(action._replace(ours=ours))
        return actions

    def set(self, run: int, actions: Iterable[Action]) -> None:
        """Record the state, target, digest and reason of actions."""
        self._marks.look_again()
        self._write(
            SET,
            (
                (a.state, a.target, a.digest, a.reason, self._renewed_mark(run, a), run, a.n)
                for a in actions
            ),
        )

    def _renewed_mark(self, run: int, action: Action) -> bytes | None:
        """Return the mark of a row that changes; one that is not ours gets none."""
        return self._marks.of(*_marked_action(run, action)) if action.ours else None

    def _write(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows in a transaction, if there are any."""
        if every := list(rows):
            with self.db.transaction():
                self.db.write_many(sql, every)

    # -- pictures ---------------------------------------------------------------------------

    def set_verdicts(self, rows: Iterable[tuple[int, int, int, bool, bytes | None]]) -> None:
        """Store soundness and pixel digest of pictures whose size and time are still these."""
        self._write(
            VERDICT, ((sound, pixels, n, size, mtime) for n, size, mtime, sound, pixels in rows)
        )

    def update_files(self, rows: Iterable[tuple[bytes, os.stat_result]]) -> None:
        """Record that another file, with the same bytes, now has a name."""
        self._write(
            UPDATE_FILE,
            (
                (s.st_mtime_ns, signed(s.st_dev), signed(s.st_ino), s.st_nlink, name)
                for name, s in rows
            ),
        )


def set_aside_unmarked(shelf: Shelf) -> list[bytes]:
    """Return the names of files that clean-ups set aside into folders without a marker.

    Up to version 0.1.0 there was none.
    """
    actions, unmarked = Actions(shelf), []
    for run in actions.runs():
        folder = names.native(shelf.path_of(run.option("folder")))
        if run.option("folder") and not discarded.set_aside_folder(folder):
            unmarked += [name for (name,) in actions.db.select_all(SET_ASIDE_IN, (run.id,))]
    return [name for name in unmarked if isinstance(name, bytes)]


def _marked(run: Cleanup) -> tuple[str, tuple[Any, ...], tuple[str, str]]:
    """Return what the mark of a clean-up is of."""
    fields = (run.id, run.started_ns, run.state, json.dumps(run.options))
    return "cleanup", fields, (run.option("folder"), run.option("made"))


def _marked_action(run: int, action: Action) -> tuple[str, tuple[Any, ...], tuple[str, str]]:
    """Return what the mark of an action is of."""
    fields = (run, action.n, action.verb, action.digest, _packed(action), action.state)
    return "action", fields, (names.to_text(action.source), names.to_text(action.target or b""))


def _packed(action: Action) -> str:
    return json.dumps(action.stat)


def _ended_ns(db: Database, options: object) -> int:
    """Return when a clean-up ended, 0 where its options do not say."""
    ended = _parsed(db, options).get("ended_ns")
    return ended if isinstance(ended, int) else 0


def _parsed(db: Database, text: object) -> dict[str, Any]:
    try:
        notes = json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError) as exc:
        raise db.wrong("is damaged: a clean-up's notes cannot be read") from exc
    return notes if isinstance(notes, dict) else {}
