"""A shelf's own duplicates: groups of copies, which one to keep, and why.

    with open_shelf("db.shelve") as shelf:
        for group in find_groups(shelf).groups:
            print(group.keeper.path, group.keeper.reason)

Nothing here changes a picture or a shelf.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from imageshelf.copies import distinct_fingerprints, match_graph, pairs, related, stars
from imageshelf.copies.byte_digests import IN_PROCESS, DecodeOptions, learn_digests
from imageshelf.copies.byte_filter import ByteSieve
from imageshelf.copies.coarse_filter import CrowdSieve
from imageshelf.copies.distinct_fingerprints import StoredPrints
from imageshelf.copies.groups import (
    Duplicates,
    Group,
    GroupOptions,
    PairRules,
    expected_false_pairs,
)
from imageshelf.copies.members import Members
from imageshelf.copies.origins import learn_origins
from imageshelf.copies.pair_facts import learn_pairs, see_pairs
from imageshelf.copies.pair_verdicts import PairVerdicts
from imageshelf.copies.related import IdPairs, RelatedPictures
from imageshelf.copies.verdict_cache import VerdictCache
from imageshelf.hashing.joins import ONE_CORE, Effort
from imageshelf.searching.kinds import ANOTHER_SHOT, BY_RULE, IDENTICAL, SAME_FILE, SIMILAR
from imageshelf.searching.queries import require_pictures
from imageshelf.searching.second_look import SecondLook
from imageshelf.shelf import Shelf
from imageshelf.system.files import MEMORY_LIMIT_MB, MEMORY_NOTE


def find_groups(
    shelf: Shelf,
    options: GroupOptions | None = None,
    rules: PairRules | None = None,
    work: Effort = ONE_CORE,
    decoding: DecodeOptions = IN_PROCESS,
) -> Duplicates:
    """Return the duplicates on a shelf; unless the rules say otherwise, files decide their kinds.

    Raises ShelfError, also when the shelf holds no picture below a requested folder, and
    NoFolderError for a reference that is not a folder.
    """
    options = options or GroupOptions()
    require_pictures(shelf, options.below)
    members = Members(shelf, options, rules or PairRules())
    policy = options.policy
    if options.kinds is not None and options.kinds <= IDENTICAL and not members.rules.kind:
        policy = policy.only_upright()
    hashes = distinct_fingerprints.picture_hashes(
        shelf.whole_catalogue(), policy, with_sizes=members.only_bytes_count
    )
    distinct = distinct_fingerprints.distinct_prints(hashes)
    memory = VerdictCache(members)
    limit_mb = shelf.whole_catalogue().number(MEMORY_NOTE, MEMORY_LIMIT_MB)
    with SecondLook(jobs=decoding.jobs, memory_limit_mb=limit_mb) as second_look:
        crowds = of_bytes = None
        if members.pixels_count:
            crowds = CrowdSieve(distinct, members, second_look, memory)
        elif hashes.sizes is not None:
            of_bytes = ByteSieve(distinct, hashes, members, decoding)
        matching = pairs.all_pairs(distinct, policy, work, crowds or of_bytes)
        graph = match_graph.MatchGraph(distinct, matching, crowds)
        related_pairs = list(_related_pairs(shelf, hashes, options, work))
        others = RelatedPictures(related_pairs, distinct, matching)
        members.add(sorted({*graph.pictures, *others.pictures}))
        learn_digests(members, distinct, decoding)
        learn_origins(members, decoding)

        def relations(keeper: int) -> list[stars.Relation]:
            return [other for other in others.of(keeper) if members.comparable(keeper, other.id)]

        looks = PairVerdicts(members, second_look, memory)
        full = second_look if members.likeness_counts else None

        def build(progress: Callable[[float], object] = lambda _: None) -> list[stars.Star]:
            thrown_out = graph.thrown_out if members.likeness_counts else lambda _: ()
            seen = looks.at, relations, progress, thrown_out
            return stars.build_stars(members.ranked(), graph.matches, *seen)

        def groups_of(kinds: frozenset[str] | None) -> tuple[Group, ...]:
            members.start_again(kinds)
            found = build(decoding.progress if kinds == options.kinds else lambda _: None)
            if learn_pairs(members, found, full):
                found = build()
                learn_pairs(members, found, full)
            see_pairs(members, found, full)
            return _groups(members, found)

        groups = groups_of(options.kinds)
        by_rule = groups if options.kinds else groups_of(BY_RULE)
    if decoding.keep:
        if crowds:
            crowds.note()
        memory.keep(second_look.pixel_digests, second_look.crashed)
    compared = len(distinct.pictures)
    crowded = sum(len(distinct.pictures_of(number)) for number in matching.crowded.tolist())
    expected = expected_false_pairs(compared)
    every = (*groups, *by_rule)
    ids = {one.id for group in every for one in (group.keeper, *group.members)}
    rows = {id_: members.rows[id_] for id_ in ids}
    return Duplicates(groups, compared, crowded, expected, by_rule, rows, options)


def _groups(members: Members, found: Sequence[stars.Star]) -> tuple[Group, ...]:
    """Return stars as groups, copies first, in the order of the paths of what is kept."""
    groups = [
        members.group(star)
        for star in found
        if members.options.kinds or any(member.kind != SAME_FILE for member in star.members)
    ]
    return tuple(sorted(groups, key=lambda group: (not group.has_copies, group.keeper.path)))


def _related_pairs(
    shelf: Shelf, hashes: StoredPrints, options: GroupOptions, work: Effort
) -> Iterator[tuple[str, IdPairs]]:
    """Yield (kind, pairs) of the requested kinds that the policy leaves out, as a search does."""
    kinds = options.kinds
    if not options.policy.low_information:  # a plain radius means what it says
        return
    if kinds is None or ANOTHER_SHOT in kinds:
        capture_times = np.array(shelf.whole_catalogue().taken(), np.int64).reshape(-1, 2)
        ids, taken_ms = capture_times[np.isin(capture_times[:, 0], hashes.whole.ids)].T
        yield ANOTHER_SHOT, related.shot_pairs(ids, taken_ms, hashes.thumbnails)
    if kinds is not None and SIMILAR in kinds:
        yield SIMILAR, related.similar_pairs(hashes.whole, hashes.thumbnails, work)
