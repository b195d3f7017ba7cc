"""A long list of files in little memory."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageshelf.indexing import file_list
from imageshelf.indexing.file_list import FileList

Files = list[tuple[bytes, int, int]]

NAMES = st.binary(min_size=1, max_size=9).map(lambda name: name.replace(b"\0", b"x"))
FILES = st.lists(st.tuples(NAMES, st.integers(0, 2**62), st.integers(-(2**62), 2**62)))


@pytest.fixture(scope="module", autouse=True, params=[1, 3, file_list.FILES_PER_BLOCK])
def _packed_together(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_list, "FILES_PER_BLOCK", request.param)
        yield


def listed(files: Files) -> FileList:
    found = FileList()
    for file in files:
        found.append(*file)
    return found


@given(FILES)
def test_a_file_list_gives_back_what_was_put_in(files: Files) -> None:
    assert list(listed(files)) == files
    assert len(listed(files)) == len(files)


def test_a_million_files_would_take_some_twenty_megabytes() -> None:
    found = FileList()
    for n in range(20_000):
        found.append(
            b"photos/2019/%04d/IMG_%06d.jpg" % (n // 1000, n), 2**20 + n * 7919 % 2**19, n**4
        )
    assert sum(map(len, found._packed)) < 20_000 * 25 or file_list.FILES_PER_BLOCK < 1000
