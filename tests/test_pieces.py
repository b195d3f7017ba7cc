"""Tests of keypoints, votes, fits and what they say: arrays without files."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from imageshelf.pieces import agreement, fitting, placement, points, projection, votes
from imageshelf.pieces.agreement import AskedPicture
from imageshelf.pieces.fitting import PieceFit
from imageshelf.pieces.points import AskedPoints, PiecePoints
from imageshelf.pieces.relations import A_PIECE, CONTAINS, PART
from imageshelf.pieces.scale_space import (
    MOST_ASKED,
    SIGMA,
    Luma,
    detected,
    scale_space,
    spread,
    strongest,
)
from tests.blobs import blobs

Size = tuple[int, int]


def luma(picture: Image.Image, longest: int) -> Luma:
    scale = longest / max(picture.size)
    size = round(picture.width * scale), round(picture.height * scale)
    return np.asarray(picture.convert("L").resize(size, Image.Resampling.BILINEAR))


def stored(picture: Image.Image) -> PiecePoints:
    return points.from_bytes(points.stored_points(luma(picture, 256)).to_bytes())


def asked(picture: Image.Image) -> AskedPoints:
    return points.asked_points(luma(picture, 480))


def fit_of(query: Image.Image, match: Image.Image, *, mirrored: bool = False) -> PieceFit | None:
    frame = placement.frame_of(query.size)
    own = asked(query).points
    own = own.flipped(frame[0]) if mirrored else own
    return fitting.fitted(stored(match), own, frame, SIGMA * 256 / 480)


def placed(
    query: Image.Image, match: Image.Image, *, mirrored: bool = False
) -> placement.Placement:
    fit = fit_of(query, match, mirrored=mirrored)
    assert fit is not None
    return placement.placed(fit.matrix, match.size, query.size, mirrored=mirrored)


def overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """Return the intersection of two boxes over their union."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    tall = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = max(0, wide) * max(0, tall)
    return common / (a[2] * a[3] + b[2] * b[3] - common)


def test_a_crop_is_a_piece_with_its_rectangle() -> None:
    whole = blobs(1)
    crop = whole.crop((150, 100, 470, 340))
    found = placed(crop, whole)
    assert found.relation == A_PIECE
    assert overlap(found.match_box, (150, 100, 320, 240)) > 0.97
    assert overlap(found.query_box, (0, 0, 320, 240)) > 0.97
    assert abs(found.turn) < 1
    assert found.scale == pytest.approx(1, abs=0.02)
    assert not found.mirrored
    other_way = placed(whole, crop)
    assert other_way.relation == CONTAINS
    assert overlap(other_way.query_box, (150, 100, 320, 240)) > 0.97


def test_a_placement_reversed_is_that_of_the_other_picture() -> None:
    whole = blobs(1)
    found = placed(whole.rotate(20, Image.Resampling.BICUBIC).crop((150, 100, 400, 300)), whole)
    back = found.reversed()
    assert (back.relation, back.query_box, back.match_box) == (
        CONTAINS, found.match_box, found.query_box
    )  # fmt: skip
    assert back.turn == -found.turn
    again = back.reversed()
    assert again.scale == pytest.approx(found.scale, abs=0.01)
    assert again._replace(scale=found.scale) == found


@pytest.mark.parametrize("degrees", [-30, 12, 90, 160])
def test_a_turned_picture_says_by_how_much(degrees: int) -> None:
    whole = blobs(2)
    found = placed(whole.rotate(degrees, Image.Resampling.BICUBIC, expand=True), whole)
    assert math.cos(math.radians(found.turn + degrees)) > math.cos(math.radians(1))


def test_a_mirrored_crop_is_found_by_the_other_hand() -> None:
    whole = blobs(3)
    crop = ImageOps.mirror(whole.crop((0, 50, 300, 300)))
    found = placed(crop, whole, mirrored=True)
    assert found.mirrored
    assert overlap(found.match_box, (0, 50, 300, 250)) > 0.97
    plain = fit_of(crop, whole)
    assert plain is None or plain.inliers < placement.FITS[0][0]


def test_a_picture_on_a_ground_is_contained_where_it_lies() -> None:
    whole = blobs(4)
    ground = Image.new("RGB", (900, 700), (40, 90, 160))
    ground.paste(whole.resize((300, 225)), (500, 300))
    found = placed(ground, whole)
    assert found.relation == CONTAINS
    assert overlap(found.query_box, (500, 300, 300, 225)) > 0.95
    assert found.scale == pytest.approx(0.6, abs=0.02)


def test_two_halves_share_a_part() -> None:
    whole = blobs(5)
    found = placed(whole.crop((0, 0, 320, 375)), whole.crop((150, 0, 500, 375)))
    assert found.relation == PART
    assert overlap(found.match_box, (0, 0, 170, 375)) > 0.95


def test_perspective_is_fitted() -> None:
    whole = blobs(6)
    numbers = (0.9, 0.1, 10, 0.05, 0.85, 5, 0.0003, -0.0002)
    tilted = whole.transform(whole.size, Image.Transform.PERSPECTIVE, numbers, 3)
    found = fit_of(tilted, whole)
    assert found is not None
    back = np.array([*numbers, 1]).reshape(3, 3)
    places = np.array([[60.0, 50], [200, 60], [180, 150], [70, 140]])
    there = fitting.moved(found.matrix, places) * 500 / 256
    assert fitting.moved(back, there) * 256 / 500 == pytest.approx(places, abs=1.5)


def test_strangers_do_not_fit() -> None:
    for seed in range(8):
        fit = fit_of(blobs(seed), blobs(seed + 100))
        assert fit is None or fit.inliers < placement.FITS[0][0]


def test_a_few_flipped_bits_change_nothing() -> None:
    """Another processor, or NumPy, may round what is near zero the other way."""
    whole = blobs(7)
    crop = whole.crop((100, 50, 400, 300))
    query, frame = asked(crop), placement.frame_of(crop.size)
    theirs = stored(whole)
    learnt = projection.learnt()
    assert learnt.matrix.shape == (128, 64)
    chance = np.random.default_rng(1)
    uncertain = np.uint64(1) << chance.integers(0, 64, len(theirs.bits)).astype(np.uint64)
    flipped = theirs._replace(bits=theirs.bits ^ uncertain)
    finest = SIGMA * 256 / 480
    before = fitting.fitted(theirs, query.points, frame, finest)
    after = fitting.fitted(flipped, query.points, frame, finest)
    assert before is not None
    assert after is not None
    assert abs(after.inliers - before.inliers) <= before.inliers // 5
    boxes = [
        placement.placed(fit.matrix, whole.size, crop.size, mirrored=False).match_box
        for fit in (before, after)
    ]
    assert overlap(*boxes) > 0.97


@pytest.mark.parametrize("size", [(1, 1), (20_000, 20), (16, 16), (3, 500), (14, 14)])
def test_a_picture_too_small_for_points_has_none(size: Size) -> None:
    scale = min(1.0, 256 / max(size))
    shape = max(1, round(size[1] * scale)), max(1, round(size[0] * scale))
    found = points.stored_points(np.zeros(shape, np.uint8))
    assert len(found.x) == 0
    assert points.from_bytes(found.to_bytes()).to_bytes() == b""
    other = stored(blobs(1))
    assert fitting.fitted(other, found, (256.0, 192.0), 1.0) is None
    assert fitting.fitted(found, other, (256.0, 192.0), 1.0) is None


def test_a_flat_picture_has_no_points() -> None:
    assert len(points.stored_points(np.full((192, 256), 140, np.uint8)).x) == 0


def test_points_are_spread_over_the_picture() -> None:
    busy = np.array(luma(blobs(8), 256))
    noise = np.random.default_rng(2).integers(0, 256, (48, 64), np.uint8)
    busy[:48, :64] = noise
    found = detected(scale_space(busy))
    chosen = strongest(found, 100, busy.shape)
    corner = (chosen.x * chosen.unit < 64) & (chosen.y * chosen.unit < 48)
    assert len(chosen.x) == 100
    assert corner.sum() < 70
    assert strongest(found, 10_000, busy.shape).x.shape == found.x.shape


def test_a_query_has_points_of_a_faint_part_beside_a_strong_one() -> None:
    rng = np.random.default_rng(0)
    page = np.kron(rng.integers(0, 256, (75, 120)), np.ones((4, 4))).astype(np.uint8)
    page[:, :120] = 120 + page[:, :120] // 16
    found = detected(scale_space(page), MOST_ASKED)
    chosen = spread(found, 200, page.shape)
    share = np.mean(chosen.x * chosen.unit < 120)
    assert len(chosen.x) == 200
    assert share > 0.2
    other = strongest(found, 200, page.shape)
    assert np.mean(other.x * other.unit < 120) < share
    assert spread(found, 10_000, page.shape).x.shape == found.x.shape


def test_mirrored_bits_are_those_of_the_mirrored_picture() -> None:
    picture = luma(blobs(9), 256)
    own = points.stored_points(picture)
    other = points.stored_points(np.ascontiguousarray(picture[:, ::-1]))
    flipped = own.flipped(256.0)
    apart = np.abs(flipped.places[:, None] - other.places[None])
    nearest = apart.argmin(axis=1)
    same = apart.min(axis=1) < 0.5
    bits = np.bitwise_count(flipped.bits ^ other.bits[nearest])[same]
    assert same.mean() > 0.8
    assert np.median(bits) <= 4
    twice = flipped.flipped(256.0)
    count = points.MIRRORED_MOST
    assert (twice.bits == own.bits[:count]).all()
    assert np.allclose(twice.x, own.x[:count], atol=1e-3)


def test_what_a_shelf_keeps_is_rounded_by_little() -> None:
    own = points.stored_points(luma(blobs(10), 256))
    data = own.to_bytes()
    assert len(data) == 14 * len(own.x) + 8 * points.MIRRORED_MOST
    kept = points.from_bytes(data)
    assert (kept.bits == own.bits).all()
    assert (kept.mirrored == own.mirrored).all()
    assert np.abs(kept.x - own.x).max() <= 1 / 128
    assert np.abs(kept.size - own.size).max() <= 1 / 64
    assert (np.cos(kept.direction - own.direction) > 0.999).all()
    assert kept.to_bytes() == data


def test_points_with_a_rest_are_an_error() -> None:
    with pytest.raises(ValueError, match="keypoints of 23 bytes"):
        points.from_bytes(bytes(23))
    with pytest.raises(ValueError, match="keypoints of 2,001 bytes"):
        points.from_bytes(bytes(2001))


@pytest.mark.parametrize("count", [0, 1, 59, 60, 61, 150])
def test_any_number_of_points_is_unpacked_again(count: int) -> None:
    own = points.stored_points(luma(blobs(10), 256))
    some = _fewer(own, count)
    data = some.to_bytes()
    assert points.count_in(data) == count
    kept = points.from_bytes(data)
    assert (kept.mirrored == some.mirrored).all()
    assert (kept.bits == some.bits).all()


@given(st.integers(1, 48), st.integers(1, 48), st.integers(0, 2**32))
def test_a_thumbnail_is_kept_within_two_levels(width: int, height: int, seed: int) -> None:
    thumb = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    again = points.thumb_from_bytes(points.packed_thumb(thumb))
    assert np.abs(again.astype(int) - thumb).max() <= 2


@pytest.mark.parametrize(
    "data",
    [b"", b"\x04", b"\x04\x04", b"\x04\x04zlib", b"\x00\x04" + b"x\x9c", b"\xff\xff" + bytes(9)],
)
def test_a_thumbnail_that_is_none_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="a thumbnail"):
        points.thumb_from_bytes(data)


def test_a_thumbnail_that_unpacks_to_too_much_is_cut() -> None:
    import zlib

    data = b"\x04\x02" + zlib.compress(bytes(1 << 24))
    assert points.thumb_from_bytes(data).shape == (2, 4)


def test_a_projection_survives_its_file() -> None:
    learnt = projection.learnt()
    again = projection.read(learnt.to_bytes())
    assert (again.matrix == learnt.matrix).all()
    assert again.recipe == learnt.recipe
    with pytest.raises(ValueError, match="expected a projection"):
        projection.read(learnt.to_bytes()[:100])


# -- votes ----------------------------------------------------------------------------------------


def segment_of(pictures: dict[int, PiecePoints], key_bits: int) -> votes.KeySegment:
    records = [votes.records_of(id_, one.to_bytes(), len(one.x)) for id_, one in pictures.items()]
    return votes.sorted_segment(np.concatenate(records), key_bits)


def looked_up_one_by_one(
    segment: votes.KeySegment, query: AskedPoints, *, certain: bool
) -> set[tuple[int, int, int]]:
    """Return (point, bits, id) of every record that a point finds, by definition."""
    margins = None if certain else query.margins
    keys = votes.probes(query.points.bits, margins, segment.key_bits)
    own = votes.keys_of(segment.records["bits"], segment.key_bits)
    found = set()
    for point, tried in enumerate(keys.tolist()):
        for key, record in zip(own.tolist(), segment.records, strict=True):
            near = int(record["bits"] ^ query.points.bits[point]).bit_count() <= votes.NEAR
            if key in tried and near:
                found.add((point, int(record["bits"]), int(record["id"])))
    return found


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 50), st.integers(8, 12), st.booleans())
def test_points_are_looked_up_as_by_definition(seed: int, key_bits: int, certain: bool) -> None:
    pictures = {id_: _fewer(stored(blobs(seed + id_)), 40) for id_ in range(5)}
    segment = segment_of(pictures, key_bits)
    query = asked(blobs(seed).crop((60, 40, 420, 330)))
    query = AskedPoints(_fewer(query.points, 60), query.margins[:60], query.mirrored_margins[:60])
    point, found = votes._looked_up(segment, query.points, None if certain else query.margins)
    expected = looked_up_one_by_one(segment, query, certain=certain)
    bits, ids = found["bits"].tolist(), found["id"].tolist()
    assert set(zip(point.tolist(), bits, ids, strict=True)) == expected


def _fewer(own: PiecePoints, most: int) -> PiecePoints:
    arrays: list[Any] = [array[:most] for array in own]
    return PiecePoints(*arrays)


def test_the_picture_with_most_votes_comes_first() -> None:
    pictures = {id_: stored(blobs(id_)) for id_ in range(12)}
    segment = segment_of(pictures, votes.key_bits_for(12 * 150))
    query = asked(blobs(7).crop((100, 60, 450, 330)))
    assert votes.voted(segment, query.points, query.margins, 3)[0][1] == 7
    own = stored(blobs(4).crop((100, 60, 450, 330)))
    assert votes.voted(segment, own, None, 3)[0][1] == 4


def test_nothing_is_found_in_an_empty_index_or_without_points() -> None:
    empty = votes.sorted_segment(np.zeros(0, votes.RECORD), 8)
    query = asked(blobs(1))
    assert votes.voted(empty, query.points, query.margins, 3) == []
    none = points.asked_points(np.zeros((20, 20), np.uint8))
    segment = segment_of({1: stored(blobs(1))}, 8)
    assert votes.voted(segment, none.points, none.margins, 3) == []


def test_an_index_that_lies_about_its_length_is_not_read_past_its_end() -> None:
    segment = segment_of({1: stored(blobs(1))}, 8)
    wild = np.random.default_rng(1).integers(0, 2**32, len(segment.starts), np.uint32)
    query = asked(blobs(1))
    for starts in (wild, np.full_like(wild, 2**32 - 1), np.zeros_like(wild)):
        hostile = segment._replace(starts=starts)
        assert all(id_ == 1 for _, id_ in votes.voted(hostile, query.points, query.margins, 9))


def test_a_longer_key_begins_with_a_shorter_one() -> None:
    bits = np.random.default_rng(3).integers(0, 2**63, 50, np.uint64)
    assert (votes.keys_of(bits, 20) >> 8 == votes.keys_of(bits, 12)).all()
    assert [votes.key_bits_for(n) for n in (0, 1, 12 << 10, 12 << 20, 12 << 30)] == [
        8, 8, 10, 20, 24
    ]  # fmt: skip


# -- pixels and the rule --------------------------------------------------------------------------


def test_a_thumbnail_agrees_with_what_the_query_shows() -> None:
    whole = blobs(11)
    crop = whole.crop((100, 60, 400, 320))
    fit = fit_of(crop, whole)
    assert fit is not None
    thumb, frame = luma(whole, 48), placement.frame_of(whole.size)
    seen = agreement.agreement(thumb, frame, fit.matrix, AskedPicture(luma(crop, 480)))
    assert seen.share > 0.95
    other = agreement.agreement(thumb, frame, fit.matrix, AskedPicture(luma(blobs(12), 480)))
    assert other.share < 0.2
    assert placement.holds(fit, seen)
    assert not placement.holds(fit, other)
    tiny = agreement.agreement(thumb[:4], frame, fit.matrix, AskedPicture(luma(crop, 480)))
    assert not placement.holds(fit, tiny)


@pytest.mark.parametrize(
    ("spots", "visible", "windows", "share", "stretch", "expected"),
    [
        (7, 20, 10, 0.75, 1.0, True),
        (6, 20, 10, 1.0, 1.0, False),
        (7, 20, 10, 0.7, 1.0, False),
        (7, 20, 9, 1.0, 1.0, False),
        (7, 60, 10, 1.0, 1.0, False),
        (20, 60, 4, 0.5, 1.0, True),
        (20, 60, 3, 1.0, 1.0, False),
        (15, 50, 10, 0.5, 1.0, True),
        (15, 51, 10, 0.5, 1.0, False),
        (20, 66, 10, 0.3, 1.0, True),
        (20, 67, 10, 0.3, 1.0, False),
        (20, 66, 10, 0.29, 1.0, False),
        (90, 90, 99, 1.0, 2.3, False),
    ],
)
def test_points_and_pixels_must_agree(
    spots: int, visible: int, windows: int, share: float, stretch: float, expected: bool
) -> None:
    fit = PieceFit(np.eye(3), spots, visible, 1.0, stretch)
    assert placement.holds(fit, agreement.Agreement(windows, share)) is expected


def test_what_is_common_is_a_box_inside_both() -> None:
    turned = np.array([[0.8, -0.6, 100.0], [0.6, 0.8, -60.0], [0, 0, 1]])
    common = placement.common_box(turned, (400, 300), (400, 300))
    assert common is not None
    x, y, width, height = common.box
    corners = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
    there = fitting.moved(turned, corners)
    assert (corners >= -0.1).all()
    assert (there >= -0.1).all()
    assert (there <= np.array([256.1, 192.1])).all()
    assert width > 40
    away = np.array([[1.0, 0, 900], [0, 1, 0], [0, 0, 1]])
    assert placement.common_box(away, (400, 300), (400, 300)) is None


def test_a_polygon_is_clipped_to_a_rectangle() -> None:
    square = np.array([[-5.0, -5], [5, -5], [5, 5], [-5, 5]])
    assert sorted(map(tuple, placement.clipped(square, 10, 10).tolist())) == [
        (0, 0), (0, 5), (5, 0), (5, 5)
    ]  # fmt: skip
    assert len(placement.clipped(square + 100, 10, 10)) == 0
