"""One review of one shelf: its groups, what is decided about them, and what is being done."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from imageshelf.cleanup import purging
from imageshelf.cleanup.history import history
from imageshelf.copies.shown_digests import ShownDigests
from imageshelf.report import page
from imageshelf.report.cards import CHOICES, Sheet
from imageshelf.review import work
from imageshelf.review.background import Background, JobOutcome
from imageshelf.review.decisions import DIFFERENT, OPEN, SKIPPED, Decisions
from imageshelf.review.queries import Queries
from imageshelf.review.thumbnails import ThumbnailMaker
from imageshelf.shelf import not_duplicates, open_shelf
from imageshelf.system.sentences import SentenceError
from imageshelf.system.signals import Stopped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from markupsafe import Markup

    from imageshelf.cleanup.history import Past
    from imageshelf.cleanup.purging import Purged
    from imageshelf.copies.groups import GroupOptions
    from imageshelf.report.cards import Card, CardGroup
    from imageshelf.review.background import BackgroundJob
    from imageshelf.review.work import Groups


FIRST_GROUPS, FIRST_CARDS = 8, 60  # what a tall window shows


class OutdatedError(SentenceError):
    """What the page shows is not what there is any more."""


class Review:
    """A review, from its start to `close`."""

    def __init__(self, shelf: str, options: GroupOptions, new: Sequence[str] = ()) -> None:
        self.shelf, self.options = os.path.abspath(shelf), options
        self.revision = 0  # of the groups
        self.groups: Groups | None = None
        self.closing = False
        self.jobs = Background()
        self.decisions: Decisions | None = None  # opened once there is a shelf
        self.thumbnails = ThumbnailMaker()
        self.queries = Queries(self.shelf)
        self._saving = threading.Lock()
        self._shown: tuple[Sheet, Markup] | None = None
        self._remembering = ThreadPoolExecutor(1, "imageshelf not-duplicates")
        self.started = self.jobs.start("starting", lambda job: self._start(job, new))

    def close(self) -> None:
        """Stop what is being done and wait for its end. Raises what nobody expected."""
        self.closing = True
        self.jobs.close()
        self._remembering.shutdown()
        self.thumbnails.close()
        self.queries.close()
        if self.decisions:
            self.decisions.close()
        if self.jobs.failure:
            raise self.jobs.failure

    # -- what there is --------------------------------------------------------------------------

    def is_stale(self) -> bool:
        """Tell whether another program has changed the shelf since its groups were formed."""
        groups = self.groups
        busy = self.jobs.job is not None
        return not busy and groups is not None and groups.state != work.state_of(self.shelf)

    def group(self, revision: int, ref: str) -> CardGroup:
        """Return a group that the page names: a number of this revision, or "q" and a number.

        Raises OutdatedError.
        """
        if ref.startswith("q"):
            group = self.queries.answers.get(ref)
        else:
            groups = self.current(revision).sheet.groups
            number = int(ref) if ref.isascii() and ref.isdigit() else -1
            group = groups[number] if 0 <= number < len(groups) else None
        if group is None:
            raise OutdatedError("There is no such group any more.")
        return group

    def card(self, revision: int, ref: str, at: int) -> Card:
        """Return a card of such a group. Raises OutdatedError."""
        cards = self.group(revision, ref).cards
        if not 0 <= at < len(cards):
            raise OutdatedError("There is no such picture in the group.")
        return cards[at]

    def current(self, revision: int) -> Groups:
        """Return the groups; raises OutdatedError if they are not those of that revision."""
        if self.groups is None or revision != self.revision:
            raise OutdatedError("The groups have changed meanwhile: reload the page.")
        return self.groups

    def marks(self) -> dict[str, str]:
        """Return the decisions, by the key of the group."""
        if self.decisions is None:
            return {}
        self.decisions.refresh()
        return self.decisions.marks

    def shown(self) -> tuple[Sheet, Markup]:
        """Return the sheet with its data for the page, which are made once."""
        groups, shown = self.groups, self._shown
        sheet = groups.sheet if groups else Sheet("Duplicates", (), (), self.shelf)
        if shown is None or shown[0] is not sheet:
            shown = self._shown = sheet, page.data_of(sheet, linked=False)
        return shown

    def past(self) -> list[Past]:
        """Return the history. Raises ShelfError."""
        with open_shelf(self.shelf) as db:
            return history(db)

    def purge_outlook(self, run: int) -> Purged:
        """Return what a purge would free. Raises UndoError or ShelfError."""
        with open_shelf(self.shelf) as db:
            return purging.purge_outlook(db, run)

    # -- decisions ------------------------------------------------------------------------------

    def decide(self, revision: int, changes: Iterable[Sequence[str]]) -> None:
        """Keep decisions about groups: all, or none if one is impossible.

        Raises OutdatedError, ValueError, or OSError.
        """
        groups, decisions = self.current(revision), self.decisions
        every = [(key, marks) for key, marks in changes]
        for key, marks in every:
            if not fits(groups.by_key.get(key), marks):
                raise ValueError(f"{marks[:40]!r} is no decision about the group {key[:16]!r}")
        if decisions is not None:
            with self._saving:
                decisions.add(every)

    def tell_apart(self, revision: int, key: str, *, forget: bool = False) -> None:
        """Remember on the shelf that the pictures of a group are no duplicates, or forget it.

        Raises OutdatedError, or one of CleaningError.
        """
        group = self.current(revision).by_key.get(key)
        if group is None or not group.choosing or self.decisions is None:
            raise OutdatedError("There is no such group any more.")
        paths = [card.path for card in group.cards if card.role in CHOICES]
        self._remembering.submit(self._tell_apart, paths, forget).result()
        with self._saving:
            self.decisions.add([(key, OPEN if forget else DIFFERENT)])

    def _tell_apart(self, paths: Sequence[str], forget: bool) -> None:
        act = not_duplicates.forget if forget else not_duplicates.remember
        own = not self.is_stale()
        with open_shelf(self.shelf, "w") as db, ShownDigests() as shown:
            act(db, paths, shown)
        if own and self.groups:  # the change is ours, and the page shows it
            self.groups = self.groups._replace(state=work.state_of(self.shelf))

    # -- jobs -----------------------------------------------------------------------------------

    def look(self) -> None:
        """Start to form the groups anew. Raises BusyError."""
        self.jobs.start("comparing", lambda job: self._look(job, JobOutcome("")))

    def index(self) -> None:
        """Start to index all folders that the shelf knows and that are there. Raises BusyError."""
        self.jobs.start("looking for pictures", self._index_known)

    def apply(self, revision: int, action: str, *, take_over: bool, pictures: int) -> None:
        """Start the clean-up that was decided on, if it is of so many pictures.

        Raises OutdatedError or BusyError.
        """
        groups = self.current(revision)
        selected = work.chosen(groups, self.marks())
        number = sum(len(group.set_aside) for group in selected)
        if number != pictures:
            sentence = f"Your choices have changed meanwhile: {number:,} pictures would go."
            raise OutdatedError(f"{sentence} Look again.")

        def applied(job: BackgroundJob) -> JobOutcome:
            done = work.apply(self.shelf, groups, selected, action, take_over, job)
            return self._look(job, done)

        self.jobs.start("planning", applied)

    def undo(self, run: int) -> None:
        """Start to take a clean-up back. Raises BusyError."""
        self.jobs.start("taking back", lambda job: self._look(job, work.undo(self.shelf, run, job)))

    def purge(self, run: int) -> None:
        """Start to free the space of what a clean-up set aside. Raises BusyError."""
        self.jobs.start("purging", lambda job: self._look(job, work.purge(self.shelf, run, job)))

    def _start(self, job: BackgroundJob, new: Sequence[str]) -> JobOutcome:
        told = [work.index(self.shelf, new, job)] if new else []
        self._open_decisions()
        told += [sentence for sentence in [work.put_right(self.shelf, job)] if sentence]
        return self._look(job, JobOutcome(" ".join(told)))

    def _open_decisions(self) -> None:
        """Have the decisions of the shelf that is there; another may have come into its place."""
        with open_shelf(self.shelf) as db:
            id_ = db.id
        before = self.decisions
        if before is None or before.shelf_id != id_:
            with self._saving:
                self.decisions = Decisions(id_)
            if before:
                before.close()

    def _index_known(self, job: BackgroundJob) -> JobOutcome:
        known = work.known_folders(self.shelf)
        there = [folder for folder in known if os.path.isdir(folder)]
        away = tuple(f"{folder} is not there" for folder in known if folder not in there)
        sentence = work.index(self.shelf, there, job) if there else "No indexed folder is there."
        return self._look(job, JobOutcome(sentence, away))

    def _look(self, job: BackgroundJob, before: JobOutcome) -> JobOutcome:
        """Form the groups anew; what was done before is told even if that fails."""
        try:
            self._open_decisions()
            self.groups = work.look(self.shelf, self.options, job)
        except (SentenceError, Stopped) as exc:
            if not before.sentence:
                raise
            return before._replace(sentence=f"{before.sentence} Then: {exc}.", problem=True)
        first = [card for group in self.groups.sheet.groups[:FIRST_GROUPS] for card in group.cards]
        self.thumbnails.prepare(first[:FIRST_CARDS])
        self.shown()
        self.revision += 1
        return before


def fits(group: CardGroup | None, marks: str) -> bool:
    """Tell whether marks are a decision about a group: one that keeps a picture, or none."""
    if group is None or not group.choosing:
        return False
    if marks in {SKIPPED, OPEN}:
        return True
    allowed = ["kx" if card.role in CHOICES else "." for card in group.cards]
    right = len(marks) == len(allowed) and "k" in marks
    return right and all(mark in some for mark, some in zip(marks, allowed, strict=True))
