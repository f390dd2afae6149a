"""Books of tunes in ABC: each tune read as if it were alone, in time in proportion."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from chorale.errors import DataError
from chorale.formats.abc.book import BookTune, read_book
from chorale.formats.abc.reader import read_tune
from chorale.formats.abc.text import split_tunes
from chorale.formats.reading import Reading, ReadingOptions

BOOK = """%%propagate-accidentals not
M:3/4
L:1/8

X:1
T:One
K:C
"""
CHORDS = "[CEGc]2 [CEGc]2 [CEGc]2|\n"


def book_of(tmp_path: Path, text: str) -> list[BookTune]:
    path = tmp_path / "book.abc"
    path.write_text(text)
    return list(read_book(path))


def reading_of(tune: BookTune) -> Reading:
    assert isinstance(tune.reading, Reading)
    return tune.reading


def test_each_tune_is_read_as_by_its_number(tmp_path: Path) -> None:
    text = f"{BOOK}{CHORDS}\nsome prose\n\nX:5\nT:Five\nK:G\n{CHORDS}"
    tunes = book_of(tmp_path, text)
    assert [tune.label for tune in tunes] == ["1", "5"]
    for tune, title in zip(tunes, ("One", "Five"), strict=True):
        found = reading_of(tune)
        options = ReadingOptions(tune=int(tune.label))
        whole = read_tune(tmp_path / "book.abc", options=options)
        assert found.chorale.title == title
        assert found.chorale.source == "book"
        assert found.chorale.metres[0].name == "3/4"
        assert (found.chorale.pitches == whole.chorale.pitches).all()
        assert (found.signatures, found.notes) == (whole.signatures, whole.notes)


def test_rows_in_sentences_are_those_of_the_book(tmp_path: Path) -> None:
    text = f"{BOOK}{CHORDS}\nprose\n\nX:2\nM:what\nK:C\n{CHORDS}\nX:3\nK:C\n{CHORDS}"
    one, two, three = book_of(tmp_path, text)
    assert isinstance(two.reading, DataError)
    assert f"row {text.splitlines().index('M:what') + 1}" in str(two.reading)
    assert reading_of(one).chorale.steps == reading_of(three).chorale.steps == 12


def test_unclear_numbers_are_places(tmp_path: Path) -> None:
    tunes = book_of(tmp_path, f"X:4\nK:C\n{CHORDS}\n" * 2)
    assert [tune.label for tune in tunes] == ["1", "2"]


def test_a_tune_alone_has_no_label(tmp_path: Path) -> None:
    (tune,) = book_of(tmp_path, f"M:3/4\nL:1/8\nK:C\n{CHORDS}")
    assert tune.label == ""
    assert reading_of(tune).chorale.steps == 12


def test_a_file_without_tunes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected a tune in ABC notation"):
        book_of(tmp_path, "nothing but prose\n")


@pytest.mark.parametrize(
    "head",
    ["", "".join(f"%%comment {number}\n" for number in range(300)) + "\n"],
    ids=["without a file header", "with a long one"],
)
def test_many_tunes_take_memory_in_proportion(head: str) -> None:
    tune = f"X:1\nT:A\nK:C\n{CHORDS}\n"

    def megabytes(count: int) -> float:
        text = head + tune * count
        tracemalloc.start()
        try:
            assert len(split_tunes(text)) == count
            return tracemalloc.get_traced_memory()[1] / 1e6
        finally:
            tracemalloc.stop()

    assert megabytes(2000) < 3 * megabytes(1000)
    assert megabytes(2000) < 8


def test_a_tune_of_many_blocks_takes_time_in_proportion() -> None:
    """A header goes on after empty lines; it was read again at each of them."""
    start = time.process_time()
    (tune,) = split_tunes("X:1\n" + "\nT:A\n" * 20_000)
    assert len(tune.lines) == 20_001
    assert time.process_time() - start < 5
