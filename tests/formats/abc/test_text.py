"""Files of ABC notation: encodings, prose, books of tunes."""

from __future__ import annotations

from pathlib import Path

import pytest
from abc_tunes import HEADER, lengths, melody, read

from chorale.errors import DataError

# === Files ===


@pytest.mark.parametrize(
    "raw",
    [
        "X:1\nT:Füße\nK:C\nCDE|]\n".encode("utf-8-sig"),
        "X:1\r\nT:Füße\r\nK:C\r\nCDE|]\r\n".encode("latin-1"),
        "X:1\rT:Füße\rK:C\rCDE|]".encode(),
        "X:1\nT:Füße\nK:C\nCDE|]\n".encode("utf-16"),
        "%abc-2.1\n\n\nX:1\nT:Füße %comment\nK:C %c d\nCDE|] % f g |\n\n\n".encode(),
        "T:Füße\nK:C\nCDE|]\n".encode(),
    ],
)
def test_encodings_and_ends_of_lines(tmp_path: Path, raw: bytes) -> None:
    score = read(tmp_path, raw)
    assert (score.title, melody(score)) == ("Füße", [[60, 62, 64]])


def test_text_copied_from_web_pages(tmp_path: Path) -> None:
    lines = "T:This\u00a0&amp;&nbsp;That\nL:1/4\nK:C\nG&gt;A &quot;C&quot;B&lt;G|c4|]\n"
    score = read(tmp_path, "X:1\n" + lines)
    assert score.title == "This & That"
    assert melody(score) == [[67, 69, 71, 67], [72]]
    assert lengths(score) == [[6, 2, 2, 6], [16]]
    assert score.notes == ("chord symbols are left out",)


PROSE = "\nFound in a chapbook; deed of 1820\n"


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "G\nG A B G|G4|]\n" + PROSE,
        "A bad cabbage faded.\n\n" + HEADER + "G\nG A B G|G4|]\n" + PROSE,
        HEADER + "G\nG A B G|G4|]\n%%begintext\ndeaf | bee\n%%endtext\n\nw: |A B C|\n",
        HEADER + "G\nG A B G|\nThe deed was found here\nG4|]\n",
    ],
)
def test_prose_is_not_sung(tmp_path: Path, text: str) -> None:
    assert melody(read(tmp_path, text)) == [[67, 69, 71, 67], [67]]


def test_music_after_an_empty_line(tmp_path: Path) -> None:
    score = read(tmp_path, HEADER + "C\nG4|G4|\n\nA4|A4|]\n")
    assert melody(score) == [[67], [67]]
    assert score.notes == (
        "row 8 looks like music, but the empty line after row 6 ends the tune: it is "
        "left out",
    )
    score = read(tmp_path, "X:1\nT:Own\n\nM:3/4\nL:1/4\nK:C\n\nGAB|c3|]\n")
    assert melody(score) == [[67, 69, 71], [72]]
    assert score.notes == ("empty lines are ignored after rows 2, 6",)
    voices = "V:1\nG4|]\n\nV:2\nE4|]\n\n[V:3]C4|]\n\nA B|\n"
    score = read(tmp_path, HEADER + "C\n" + voices)
    assert [melody(score, staff) for staff in range(3)] == [[[67]], [[64]], [[60]]]
    assert score.notes[0] == "empty lines are ignored after rows 7, 10"
    assert score.notes[1].startswith("row 14 looks like music")


BOOK = f"{HEADER}G\nG4|]\n{PROSE}\n{HEADER.replace('X:1', 'X:7')}F\nB4|]\n"


def test_books(tmp_path: Path) -> None:
    for book, tunes in (
        (BOOK, 'tunes 1 "Own", 7 "Own"'),
        (BOOK.replace("T:Own\n", "", 1), 'tunes 1, 7 "Own"'),
    ):
        with pytest.raises(DataError, match="a book of 2: name one by") as found:
            read(tmp_path, book)
        assert str(found.value).endswith(f"as with --tune ({tunes})")
    assert melody(read(tmp_path, BOOK, 7)) == [[70]]
    assert melody(read(tmp_path, BOOK.replace("\n\nX", "\nX"), 1)) == [[67]]
    with pytest.raises(DataError, match="expected a tune 3, got tunes 1, 7"):
        read(tmp_path, BOOK, 3)
    # The header of the file holds for all of its tunes.
    file = "M:3/4\nL:1/2\n\nX:1\nK:G\nG|]\n\nX:2\nL:1/4\nK:F\nB|]\n"
    assert [lengths(read(tmp_path, file, tune)) for tune in (1, 2)] == [[[8]], [[4]]]


@pytest.mark.parametrize("count", [2, 3])
def test_tunes_of_one_number(tmp_path: Path, count: int) -> None:
    book = "\n".join([BOOK.replace("X:7", "X:1")] + [BOOK] * (count - 2))
    with pytest.raises(
        DataError, match=rf"{2 * count - 2 - (count > 2)} tunes have number 1"
    ):
        read(tmp_path, book)
    with pytest.raises(
        DataError, match=r"one tune 1, got .*, in rows 1, 10.* distinct numbers"
    ):
        read(tmp_path, book, 1)
