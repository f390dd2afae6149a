"""Books of tunes in ABC: each tune a file of its own, its rows where they were."""

from __future__ import annotations

from pathlib import Path

from chorale.formats.abc.book import split_book
from chorale.formats.abc.reader import read_abc

BOOK = """%%propagate-accidentals not
M:3/4
L:1/8

X:1
T:One
K:C
C2 D2 E2|

some prose

X:5
T:Five
K:G
G2 A2 B2|
"""


def test_each_tune_has_the_header_of_the_file_and_its_own_rows(tmp_path: Path) -> None:
    path = tmp_path / "book.abc"
    path.write_text(BOOK)
    tunes = list(split_book(path))
    assert [tune.number for tune in tunes] == [1, 5]
    for tune, title in zip(tunes, ("One", "Five"), strict=True):
        rows = BOOK.splitlines()
        row = rows.index(f"T:{title}")
        assert tune.text.splitlines()[row] == f"T:{title}"
        alone = tmp_path / "tune.abc"
        alone.write_text(tune.text)
        score = read_abc(alone)
        assert score.title == title
        whole = read_abc(path, tune.number)
        assert score.bars == whole.bars
        assert [staff.bars for staff in score.staves] == [
            staff.bars for staff in whole.staves
        ]
        assert score.bars[0].metre is not None
        assert score.bars[0].metre.name == "3/4"


def test_a_tune_alone_is_a_book_of_one(tmp_path: Path) -> None:
    path = tmp_path / "tune.abc"
    path.write_text("K:C\r\nCDEF|\r\n")
    (tune,) = split_book(path)
    assert tune.number is None
    assert tune.text == "K:C\nCDEF|\n"
