"""The strict reader: every list of names that `pickle` writes, and nothing else."""

from __future__ import annotations

import os
import pickle
import pickletools
import random
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageshelf.shelf import pickled

NAMES = st.lists(st.text(st.characters(exclude_categories=())))  # surrogates too
PROTOCOLS = range(6)


@given(NAMES)
def test_every_list_comes_back_from_every_protocol(names: list[str]) -> None:
    for protocol in PROTOCOLS:
        assert pickled.loads(pickle.dumps(names, protocol)) == names
        assert pickled.loads(pickle._dumps(names, protocol)) == names  # type: ignore[attr-defined]


@given(NAMES)
def test_what_it_writes_the_standard_library_reads(names: list[str]) -> None:
    assert pickle.loads(pickled.dumps(names)) == names


@pytest.mark.parametrize(
    "names",
    [
        [],
        [""],
        ["a"] * 3,  # one object thrice: a reference to the memo
        ["x" * 70_000, "y"],  # longer than a frame
        [str(n) for n in range(3000)],  # more than one batch, more than 256 memo entries
        ["caf\xe9 \udcff.jpg", "\ud800", "\0", "new\nline", "back\\slash", "\x1a", "\U0001f600"],
        ["a" * 255],
        ["a" * 256],
        ["a" * 127 + "\xe9" * 64],
    ],
    ids=repr,
)
def test_lists_of_every_shape_come_back(names: list[str]) -> None:
    for protocol in PROTOCOLS:
        assert pickled.loads(pickle.dumps(names, protocol)) == names
        assert pickled.loads(pickletools.optimize(pickle.dumps(names, protocol))) == names


class Exploit:
    """A pickle of this runs a command when it is loaded."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("executed",)


@pytest.mark.parametrize(
    "value",
    [
        Exploit(),
        [Exploit()],
        "a name",
        ("a", "b"),
        {"a": "b"},
        [b"bytes"],
        [["a"]],
        [["a"], "b"],
        ["a", 1],
        [None],
        [True],
        [1.5],
        {"a"},
        b"bytes",
        None,
        bytearray(b"x"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_but_a_list_of_names_is_refused(
    value: object, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(str(tmp_path))
    for protocol in PROTOCOLS:
        with pytest.raises(ValueError):
            pickled.loads(pickle.dumps(value, protocol))
    assert not os.path.exists("executed")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b".",
        b"]",
        b"].]",  # something after the end
        b"]].",
        b"(.",
        b"(lp0\n(lp1\na.",  # a list in a list
        b"]q\x00h\x00a.",  # a list in itself
        b"]\x94h\x00a.",
        b"cos\nsystem\n(S'true'\ntR.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
        b"\x80\x06].",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f].",  # a frame of 2**63 bytes
        b"\x80\x04]\x8d\xff\xff\xff\xff\xff\xff\xff\x7fa.",  # a name of 2**63 bytes
        b"\x80\x02]X\xff\xff\xff\x7fa.",
        b"\x80\x04]\x8c\xffa.",
        b"]h\x05a.",  # nothing remembered there
        b"]j\xff\xff\xff\x7fa.",
        b"(lp0\ng99999999999999999999\na.",
        b"(lp0\np-1\n.",
        b"(lpx\n.",
        b"(lg" + b"1" * 5000 + b"\na.",
        b"](e",
        b"a.",
        b"e.",
        b"l.",
        b"Va\nVb\na.",
        b"](q\x00e.",  # a mark remembered
        b"\x80\x04]\x8c\x01\xffa.",  # no UTF-8
        b"]V\\ud8zz\na.",
        b"]\x8c\x01a\x94\x8c\x01b.",
        b"(Va\n].",
        b"]2.",  # DUP
        b"N.",
        b"(dp0\n.",
        b"\x82\x01.",
        b"B\x00\x00\x00\x80.",
        b"\x80\x04\x95\x09\x00\x00\x00\x00\x00\x00\x00]\x94\x8c\x05a\x94a.",
    ],
    ids=repr,
)
def test_malformed_and_hostile_pickles_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        pickled.loads(data)


# Small values for which the standard library, or a careless reader, makes much room.
GREEDY = {
    "a list remembered at two thousand million": b"\x80\x04]r\xff\xff\xff\x7f.",
    "a name there": b"](X\x01\x00\x00\x00ar\xff\xff\xff\x7fe.",
    "at 200": b"]q\xc8.",
    "at two, after one": b"]q\x02.",
    "in digits": b"(lp999999999\n.",
    "in digits, of a name": b"(lp0\nVa\np99999999\na.",
    "memoized again and again": b"\x80\x04]" + b"\x94" * 100_000 + b".",
    "many lists": b"]" * 100_000 + b".",
    "many lists of a mark": b"(l" * 50_000 + b".",
    "many marks": b"(" * 100_000 + b".",
    "one long name, many times": b"\x80\x04](X\x40\x42\x0f\0" + b"x" * 10**6 + b"\x94"
    + b"h\0" * 50 + b"e.",
    "recalled before it is remembered": b"](j\xff\xff\xff\x7fe.",
}  # fmt: skip


@pytest.mark.parametrize("kind", GREEDY)
def test_what_asks_for_much_room_is_refused_in_little(kind: str) -> None:
    data = GREEDY[kind]
    tracemalloc.start()
    try:
        with pytest.raises(ValueError):
            pickled.loads(data)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "data",
    [
        b"(lp1\nS'a'\n.".replace(b"S'a'", b"Va").replace(b"\n.", b"\np2\na."),  # counted from 1
        b"\x80\x02]q\x01(X\x01\x00\x00\x00aq\x02h\x02e.",
        b"](X\x01\0\0\0aX\x01\0\0\0bq\x02X\x01\0\0\0cq\x03h\x02e.",  # some left out
    ],
)
def test_numbers_that_writers_give_are_read(data: bytes) -> None:
    assert pickled.loads(data) == pickle.loads(data)


def test_a_value_above_the_cap_is_refused_unread() -> None:
    with pytest.raises(ValueError, match="at most 16,777,216"):
        pickled.loads(b"]" * (pickled.MAX_BYTES + 1))


@pytest.mark.parametrize("value", [None, "]", 5, bytearray(b"].")], ids=repr)
def test_what_is_no_bytes_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected a pickle"):
        pickled.loads(value)  # type: ignore[arg-type]


@given(NAMES, st.integers(0, 5), st.randoms(use_true_random=False), st.integers(1, 4))
def test_mutated_values_give_names_or_valueerror(
    names: list[str], protocol: int, rnd: random.Random, changes: int
) -> None:
    assert_harmless(mutated(pickle.dumps(names, protocol), rnd, changes))


@pytest.mark.stress
def test_a_million_mutated_values_give_names_or_valueerror() -> None:
    rnd = random.Random(20)
    lists = (["a.jpg"], ["trip/b.jpg", "c\udcff.jpg"], [str(n) for n in range(40)])
    seeds = [pickle.dumps(names, protocol) for names in lists for protocol in PROTOCOLS]
    for _ in range(1_000_000):
        assert_harmless(mutated(rnd.choice(seeds), rnd, rnd.randrange(1, 5)))


def test_an_odd_escape_is_a_valueerror() -> None:
    with pytest.raises(ValueError, match="escape"):
        pickled.loads(b"ca\\-\nb\n.")


@given(st.binary(max_size=60))
def test_random_bytes_give_names_or_valueerror(data: bytes) -> None:
    assert_harmless(data)
    assert_harmless(b"\x80\x04]" + data + b".")


def mutated(data: bytes, rnd: random.Random, changes: int) -> bytes:
    changed = bytearray(data)
    for _ in range(changes):
        at = rnd.randrange(len(changed))
        if rnd.random() < 0.6:
            changed[at] = rnd.randrange(256)
        elif rnd.random() < 0.5:
            del changed[at:][: rnd.randrange(4)]
        else:
            changed[at:at] = rnd.randbytes(rnd.randrange(4))
    return bytes(changed)


def assert_harmless(data: bytes) -> None:
    try:
        names = pickled.loads(data)
    except ValueError:
        return
    assert isinstance(names, list)
    assert all(type(name) is str for name in names)
