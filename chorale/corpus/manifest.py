"""The manifest of the bundled corpus: music21's scores and the pieces they become."""

from __future__ import annotations

from typing import NamedTuple

from chorale.corpus.loading import MANIFEST_FILE, bundled_corpus
from chorale.utils.tables import read_rows


class Row(NamedTuple):
    """A score of music21, or a piece of the JSB chorales without one."""

    # In the public JSB chorales, 000 to 381; other pieces are numbered from 382. Empty
    # for scores that are not used.
    number: str
    split: str  # `train`, `valid` or `test`; empty for a score without a number
    score: str  # file name in music21's `corpus/bach`; empty if music21 has none
    bwv: str  # catalogue number as music21 files it
    title: str  # first line of the hymn
    repeats: str  # `expanded` if repeated sections are played twice, `once` if not
    pickup: str  # steps before the first full bar
    tune_group: str  # equal for pieces with the same hymn tune
    alternate_of: str  # catalogue number of a piece with the same harmonization
    excluded: str  # reason why it is left out; empty if it is not
    # Of its public file; empty in the test split, whose files are not opened.
    public_sha256: str

    @property
    def file(self) -> str:
        """Path of the classic CSV of the piece, relative to the corpus folder."""
        return f"chorales/{self.split}/chorale_{self.number}.csv"


def read_manifest() -> tuple[Row, ...]:
    """Return the rows of the manifest, the pieces first, in order of their numbers."""
    rows = read_rows(bundled_corpus() / MANIFEST_FILE, Row._fields)
    return tuple(Row(*cells) for _, cells in rows)
