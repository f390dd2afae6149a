"""Progressions: successions of chords that a corpus does not have.

Most successions in a piece by Bach occur in other pieces of his too. How many do not
depends on the number of the others, so a corpus is halved: a piece of one half is
compared with the other half, any other piece with both in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from chorale.music.harmony.analysis import Analysis, Harmony
from chorale.music.harmony.analyzing import analyze
from chorale.music.score import Chorale

LENGTHS = (2, 3)  # chords of a succession

# Degree in semitones above the tonic of the local key, quality, inversion, mode.
_Chord = tuple[int, str, int, str]
_Succession = tuple[_Chord, ...]


@dataclass(frozen=True, eq=False)
class Progressions:
    """The successions of chords in each half of a corpus."""

    seen: tuple[frozenset[_Succession], frozenset[_Succession]]
    sources: tuple[frozenset[str], frozenset[str]]  # of the pieces of each half

    @classmethod
    def of(
        cls,
        chorales: Sequence[Chorale],
        analyses: Sequence[Analysis] | None = None,
        *,
        random_state: int = 0,
    ) -> Progressions:
        """Halve a corpus at random; pieces of one source stay together.

        Pieces without a source are known by their index, as in `windows_of`.

        Args:
            chorales: of the corpus.
            analyses: of the chorales; None: they are analyzed.
            random_state: of the halves.
        """
        if analyses is None:
            analyses = [analyze(chorale) for chorale in chorales]
        names = [piece.source or str(index) for index, piece in enumerate(chorales)]
        unique = sorted(set(names))
        order = np.random.default_rng(random_state).permutation(len(unique))
        first = {unique[index] for index in order[: len(unique) // 2].tolist()}
        seen: tuple[set[_Succession], set[_Succession]] = (set(), set())
        for name, analysis in zip(names, analyses, strict=True):
            half = seen[0 if name in first else 1]
            for length in LENGTHS:
                half.update(successions(analysis.harmonies, length))
        return cls(
            (frozenset(seen[0]), frozenset(seen[1])),
            (frozenset(first), frozenset(unique) - first),
        )

    def unseen(
        self, harmonies: Sequence[Harmony], length: int, source: str
    ) -> tuple[int, int]:
        """Count successions that a half of the corpus does not have, and all.

        Args:
            harmonies: in order.
            length: of the successions, one of LENGTHS.
            source: of the piece, which is not compared with its own half.
        """
        found = successions(harmonies, length)
        halves = [
            seen
            for seen, sources in zip(self.seen, self.sources, strict=True)
            if source not in sources
        ]
        unseen = sum(chords not in seen for seen in halves for chords in found)
        return unseen, len(found) * len(halves)


def successions(harmonies: Sequence[Harmony], length: int) -> list[_Succession]:
    """Return the successions of `length` different chords, each next to the other."""
    chords: list[_Chord] = []
    for harmony in harmonies:
        chord = (
            (harmony.root - harmony.key.tonic_class) % 12,
            harmony.quality,
            harmony.inversion,
            harmony.key.mode,
        )
        if not chords or chord != chords[-1]:
            chords.append(chord)
    return list(zip(*(chords[place:] for place in range(length)), strict=False))
