"""Bach's corpus through each format that holds music whole, and back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from bach import all_chorales, few_chorales

from chorale.formats.files import read_spelled, write
from chorale.music.score import Chorale

ENDINGS = (".mid", ".musicxml", ".abc", ".krn")


def unequal(folder: Path, ending: str, pieces: Iterable[Chorale]) -> list[str]:
    """Return the sources of the pieces that do not come back as they were."""
    path = folder / f"hymn{ending}"
    lost = []
    for piece in pieces:
        write(piece, path)
        reading = read_spelled(path)
        found = reading.chorale
        labels = (found.title, found.tempo) == (piece.title, piece.tempo)
        # Equal chorales have the same notes, fermatas, bars, metres and key.
        if found != piece or not labels or reading.remarks():
            lost.append(piece.source)
    return lost


@pytest.mark.parametrize("ending", ENDINGS)
def test_some_pieces_come_back_equal(tmp_path: Path, ending: str) -> None:
    corpus = few_chorales()
    pieces = [*corpus.train[::5], *corpus.valid[::4]]
    assert unequal(tmp_path, ending, pieces) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(ENDINGS)))
def test_all_pieces_come_back_equal(tmp_path: Path, number: int) -> None:
    """Each piece through one of the formats, of which none gets easier ones."""
    corpus = all_chorales()
    pieces = [*corpus.train, *corpus.valid, *corpus.test]
    assert len(pieces) > 380
    own = pieces[number :: len(ENDINGS)]
    assert unequal(tmp_path, ENDINGS[number], own) == []
