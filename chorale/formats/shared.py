"""One file per outside format, and what they agree on: time and the voices' names."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chorale.errors import DataError
from chorale.music.score import STEPS_PER_QUARTER, Chorale, Metre
from chorale.music.voices import VOICE_NAMES
from chorale.utils.arrays import IntArray

# How fast time runs under a fermata, as a share of the tempo: the singers hold the
# chord and breathe, about two thirds of a beat longer, and nobody loses the pulse.
FERMATA_TEMPO = 0.6


class Reading(NamedTuple):
    """A chorale as read, and what its file says beyond it.

    Attributes:
        chorale: what is on the grid.
        spelling: int array (steps, 4), the diatonic number of each note, see
            `chorale.music.spelling`, 0 in silence; None if the file does not tell F
            sharp from G flat.
        off_grid: how many notes of a score begin or end between two steps, or of a
            MIDI file begin so.
        is_assumed: whether bars are counted in a metre that nothing said.
    """

    chorale: Chorale
    spelling: IntArray | None = None
    off_grid: int = 0
    is_assumed: bool = False

    def remarks(self) -> list[str]:
        """Return sentences on what was guessed or rounded."""
        said = []
        if self.is_assumed:
            said.append("it gives no metre: bars are counted in 4/4")
        if self.off_grid:
            many = "1 note is" if self.off_grid == 1 else f"{self.off_grid} notes are"
            said.append(
                f"{many} off the grid of sixteenths, as triplets are: moved to it"
            )
        return said


def step_tempos(chorale: Chorale) -> npt.NDArray[np.float64]:
    """Return the tempo of each step, in quarters a minute, slower under fermatas."""
    return np.where(chorale.fermatas, FERMATA_TEMPO, 1.0) * chorale.tempo


def step_seconds(chorale: Chorale) -> npt.NDArray[np.float64]:
    """Return how long each step sounds, in seconds."""
    return 60.0 / STEPS_PER_QUARTER / step_tempos(chorale)


class Bar(NamedTuple):
    """What is written between two barlines.

    Attributes:
        start: its first step.
        length: in steps.
        number: as in `Chorale.bars`.
        position: where in a full bar it begins, in steps; not 0 for a pickup.
        metre: the time signature in force.
    """

    start: int
    length: int
    number: int
    position: int
    metre: Metre

    @property
    def end(self) -> int:
        return self.start + self.length


def written_bars(chorale: Chorale) -> list[Bar]:
    """Return the bars of a chorale in order, full or not."""
    bars, positions = chorale.bars, chorale.positions
    counts_on = (np.diff(bars) == 0) & (np.diff(positions) == 1)
    starts = [0, *(np.flatnonzero(~counts_on) + 1).tolist()]
    ends = [*starts[1:], chorale.steps]
    return [
        Bar(
            start=start,
            length=end - start,
            number=int(bars[start]),
            position=int(positions[start]),
            metre=[one for one in chorale.metres if one.step <= start][-1],
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def fermata_spans(chorale: Chorale) -> list[tuple[int, int]]:
    """Return the first step of each fermata and the step after its last."""
    padded = np.concatenate([[0], chorale.fermatas, [0]])
    edges = np.flatnonzero(np.diff(padded)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def voices_by_name(names: Sequence[str]) -> list[int] | None:
    """Find the four voices among the names of tracks or parts.

    Args:
        names: such as `Soprano`, `2. Alto` or `TENOR`.

    Returns:
        The place in `names` of the soprano, alto, tenor and bass; None unless each is
        named just once.
    """
    places = []
    for voice in VOICE_NAMES:
        # The stem serves other languages and the plural: Sopran, Alt, Tenöre, Bässe.
        stem = (
            r"b[aä]ss"
            if voice == "bass"
            else voice[:3]
            if voice == "alto"
            else voice[:5]
        )
        named = [
            place
            for place, name in enumerate(names)
            if re.search(rf"\b{stem}", name, re.IGNORECASE)
        ]
        if len(named) != 1:
            return None
        places += named
    return places if len(set(places)) == len(places) else None


@contextlib.contextmanager
def naming(path: Path | str) -> Iterator[None]:
    """Say in which file it happened when a DataError leaves the block."""
    try:
        yield
    except DataError as error:
        if error.path is not None:
            raise
        raise DataError(str(error), path) from error
