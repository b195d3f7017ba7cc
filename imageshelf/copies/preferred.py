"""The preferences that a listing or a clean-up uses: as asked for, else as the shelf keeps them."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from imageshelf.copies.keep_rule import KeepRule
from imageshelf.shelf import Shelf, preferences
from imageshelf.shelf.preferences import Preferences

if TYPE_CHECKING:
    from imageshelf.copies.groups import GroupOptions

FOREIGN = "The preferences on this shelf are not your own, and were ignored."


def with_preferences(shelf: Shelf, options: GroupOptions) -> GroupOptions:
    """Return the options with the shelf's defaults where nothing was asked for.

    `preferences` says in words which are used.
    """
    stored, are_foreign = preferences.kept(shelf)
    asked = Preferences(options.keep.keep, options.references, options.prefer)
    used = Preferences(*(mine or theirs for mine, theirs in zip(asked, stored, strict=True)))
    told = [_in_words(name, values, name_is_stored=not getattr(asked, name))
            for name, values in used._asdict().items() if values]  # fmt: skip
    sentences = [f"Preferred: {'; '.join(told)}."] if told else []
    return replace(
        options,
        keep=KeepRule(used.keep),
        references=used.reference,
        prefer=used.prefer,
        preferences=" ".join([*sentences, *([FOREIGN] if are_foreign else [])]),
    )


def to_keep(options: GroupOptions) -> Preferences:
    """Return the preferences among the options, with absolute folders, for the shelf."""
    folders = (tuple(map(os.path.abspath, some)) for some in (options.references, options.prefer))
    return Preferences(options.keep.keep, *folders)


def _in_words(name: str, values: tuple[str, ...], *, name_is_stored: bool) -> str:
    return f"--{name} {' '.join(values)}{' (kept on the shelf)' if name_is_stored else ''}"
