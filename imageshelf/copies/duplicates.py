"""Asking a shelf for its own duplicates.

    for group in duplicates("db.shelve").groups:
        print(group.keeper.path, [member.path for member in group.members])

Whatever hash a shelf's keys are, its pictures are compared by the default's three hashes, which
every catalogue holds. The radius of a single hash is good enough for a query whose answer somebody
looks at. Among all pairs of a large collection it would be wrong too often, all the more when a
clean-up follows: a million pictures make 500 billion pairs.

No picture is changed; `imageshelf clean` acts on the groups.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Unpack

from imageshelf.copies import pieces
from imageshelf.copies.byte_digests import DecodeOptions
from imageshelf.copies.grouping import find_groups
from imageshelf.copies.groups import Duplicates, GroupKeywords, GroupOptions, PairRules
from imageshelf.copies.preferred import with_preferences
from imageshelf.copies.shown_digests import ShownDigests
from imageshelf.hashing.joins import Effort
from imageshelf.shelf import not_duplicates, open_shelf
from imageshelf.system.deprecation import renamed_parameters
from imageshelf.system.process import cores
from imageshelf.system.progress import in_notebook, share


@renamed_parameters(question="options", done="progress", read="decoding_progress", shelve="shelf")
def duplicates(
    shelf: str | os.PathLike[str] = "db.shelve",
    options: GroupOptions | None = None,
    progress: Callable[[float], None] | None = None,
    decoding_progress: Callable[[float], None] | None = None,
    **keywords: Unpack[GroupKeywords],
) -> Duplicates:
    """Return every group of copies on a shelf, and which one to keep.

    Options are given by name, as in `strict=True, below="photos"`: see GroupKeywords. Preferences
    that are not among them are those that this user keeps on the shelf.

    A notebook shows the progress. `progress` receives the share of the comparisons that is done,
    then `decoding_progress` the share of the files that had to be decoded. What is learned of files
    and pairs is kept on the shelf, if it is this user's and can be written. Raises ShelfError, and
    WorkerError when no worker can start.
    """
    quiet = not in_notebook()
    with (
        open_shelf(os.fspath(shelf)) as db,
        ShownDigests() as shown,
        share("comparing", quiet=quiet) as comparing,
        share("reading", quiet=quiet) as reading,
    ):
        rules = PairRules(not_duplicate=not_duplicates.lookup(db, shown))
        work = Effort(cores(), progress or comparing)
        decoding = DecodeOptions(cores(), decoding_progress or reading, keep=True)
        preferred = with_preferences(db, options or GroupOptions.of(keywords))
        answer = find_groups(db, preferred, rules, work, decoding)

        def of_every_kind() -> Duplicates:
            if preferred.kinds is None:
                return answer
            return find_groups(db, replace(preferred, kinds=None), rules, work, decoding)

        return pieces.added(db, answer, of_every_kind, rules, progress or comparing)
