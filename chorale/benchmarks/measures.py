"""A measure: what is measured, in which process, and what a trial of it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

# Figures of one trial by the name of the quantity, one of TITLES.
Figures = Mapping[str, float]

# Lengths in steps at which the time per note is measured.
LENGTHS = (64, 256, 1024, 4096)

# Quantities and their titles in tables.
TITLES = {
    "ms_per_note": "ms per note",
    "processor_ms_per_note": "CPU ms per note",
    "ms_per_note_chosen": "ms with ranking",
    **{
        f"ms_per_note_at_{length}": f"ms per note at step {length:,}"
        for length in LENGTHS
    },
    "seconds": "s",
    "processor_seconds": "CPU s",
    "megabytes": "peak MB",
    "notes_per_second": "notes per s",
    "drawings_per_second": "drawings per s",
    "gigabytes_per_second": "GB per s",
    "gigaflops": "GFLOP per s",
}


class Prepared(NamedTuple):
    """A measure that is ready.

    Attributes:
        trial: runs once and returns the figures.
        weights: number of weights of the network that writes, each of which is read
            once in every step; 0 if there is no floor to compare with.
    """

    trial: Callable[[], Figures]
    weights: int = 0


@dataclass(frozen=True, kw_only=True)
class Measure:
    """Something to measure.

    Attributes:
        name: unique; what comes before the first slash is its section.
        title: what is measured, for a table.
        prepare: gets it ready; its argument is a folder for temporary files, which all
            measures share.
        process: measures of the same name share a process.
        quick: whether the quick form has it.
        rounds: at most so many trials; None for as many as there are rounds.
        modules: optional ones that it needs.
        pieces: that a network writes side by side.
        of_one: whether times are per note of one piece, though several are written.
    """

    name: str
    title: str
    prepare: Callable[[Path], Prepared]
    process: str
    quick: bool = False
    rounds: int | None = None
    modules: tuple[str, ...] = ()
    pieces: int = 1
    of_one: bool = False

    @property
    def section(self) -> str:
        """The part of the name before the first slash."""
        return self.name.partition("/")[0]
