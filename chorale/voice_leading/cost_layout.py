"""Layout of costs: which windows of the tables the costs of a step are sums of."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chorale.music.voices import VOICES
from chorale.utils.arrays import IntArray
from chorale.voice_leading.cost_tables import (
    FORCED,
    PairKind,
    PairTables,
    pair_kinds,
)
from chorale.voice_leading.rule import NEIGHBORS

# A voice that chooses, and the voices that are written by then.
Choice = tuple[int, tuple[int, ...]]
# The rows of pairs come after those of each voice alone: of what it does itself, of
# doubling the leading tone, of clashes, of false relations when it moves to a letter or
# leaves it, of chords.
ALONE = OWN, DOUBLING, CLASHES, ATTACKS, LEAVES, CHORDS = range(6)
PAIRS_BEGIN = len(ALONE) * VOICES


class Layout(NamedTuple):
    """Rows of windows of the tables, of which the costs of a step are sums.

    The rows of pairs are those with voices that are not written in time, then those of
    voices that are, in the order in which they are written.

    Attributes:
        rows: their number.
        columns: by the voice that chooses, int array, the rows that its costs sum up:
            those of ALONE, then pairs.
        upper, lower: int arrays (pairs,), the voices of each pair.
        kinds: int array (pairs, 1), begin of the table of each pair; of the pairs that
            are not written in time, where it has no motion.
        forced: int array, the other voices of these pairs.
        written: by the voice that is written, its pairs.
    """

    rows: int
    columns: dict[int, IntArray]
    upper: IntArray
    lower: IntArray
    kinds: IntArray
    forced: IntArray
    written: dict[int, slice]

    @classmethod
    def of(cls, choices: tuple[Choice, ...], tables: PairTables) -> Layout:
        """Lay out the costs of voices in the order in which they choose."""
        forced = [
            (voice, sum(pair) - voice, PairKind((FORCED,), voice == pair[0]))
            for voice, written in choices
            for pair in NEIGHBORS
            if voice in pair and sum(pair) - voice not in written
        ]
        forced = [pair for pair in forced if pair[-1] in tables.kinds]
        writers = list(dict.fromkeys(w for _, written in choices for w in written))
        pairs, of_writer = list(forced), {}
        for writer in writers:
            begin = len(pairs)
            pairs += [
                (voice, writer, kind)
                for voice, written in choices
                if writer in written
                for kind in pair_kinds(voice, writer, is_after=tables.is_after)
            ]
            of_writer[writer] = slice(begin, len(pairs))
        columns = {
            voice: [voice + VOICES * place for place in ALONE]
            + [PAIRS_BEGIN + row for row, pair in enumerate(pairs) if pair[0] == voice]
            for voice, _ in choices
        }
        kinds = [
            tables.kinds[kind] + tables.edge * (FORCED in kind.rules)
            for *_, kind in pairs
        ]
        return cls(
            rows=PAIRS_BEGIN + len(pairs),
            columns={voice: np.array(rows) for voice, rows in columns.items()},
            upper=np.array([min(pair[:2]) for pair in pairs], np.int64),
            lower=np.array([max(pair[:2]) for pair in pairs], np.int64),
            kinds=np.array(kinds, np.int64)[:, np.newaxis],
            forced=np.array([neighbor for _, neighbor, _ in forced], np.int64),
            written=of_writer,
        )

    def situations(self, tables: PairTables, codes: IntArray) -> IntArray:
        """Return the intervals of all pairs in the chord known, as places of tables.

        Args:
            tables: in which the pairs are looked up.
            codes: int array (4, batch), see `RuleCosts.coded`.

        Returns:
            int array (pairs, batch), of the lowest motion.
        """
        intervals = codes.take(self.upper, axis=0) - codes.take(self.lower, axis=0)
        intervals += tables.edge
        places: IntArray = tables.intervals.take(intervals, mode="clip")
        places += self.kinds
        return places
