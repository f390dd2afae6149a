"""Note lengths: what was written where notes are played shorter than written.

Programs hold a note for 85 to 98 % of its length, or end it some ticks early (its gate
time), and players do so unevenly. Such gaps are no rests.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from chorale.formats.midi.quantization import PerformedNote
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import Note

_LEAST_SHARE, _FULL_SHARE = 0.75, 0.99  # of a length that may be held; held in full
_LEAST_NOTES = 4  # notes from which a gate time can be known
_EVEN = 0.2  # steps of deviation up to which a gate time is a rule
_EXACT = 0.02  # steps from a 32nd or triplet of the end of a written note
_LEAST_UNEVEN = 0.3  # share of notes that end off the grid in a performance


@dataclass(frozen=True, kw_only=True)
class Gate:
    """How much shorter than written notes are held.

    Attributes:
        share: held part of the length; 1 if `early` is not 0.
        early: steps by which each note ends early.
        is_even: whether this holds for every note.
    """

    share: float = 1.0
    early: float = 0.0
    is_even: bool = True

    @property
    def remark(self) -> str:
        """A sentence for the user."""
        if not self.is_even:
            return (
                "notes are held unevenly, as played: gaps shorter than an eighth are "
                "no rests"
            )
        if self.early:
            return "notes end a little early, as programs play them: read as full"
        return (
            f"notes are held for {self.share:.0%} of their length, as programs play "
            "them: read as full"
        )

    def full(self, held: float) -> float:
        """Return the written length of a note that is held for some steps."""
        return held / self.share + self.early

    def lengthen(self, note: PerformedNote) -> PerformedNote:
        """Return a note of its written length."""
        return replace(note, end=note.start + self.full(note.length))


def estimate_gate(groups: Sequence[Sequence[PerformedNote]]) -> Gate | None:
    """Estimate how notes are held, from those that are followed by another.

    Args:
        groups: the notes of each track or channel, of one voice or several.

    Returns:
        None if notes have their full length.
    """
    pairs = [pair for group in groups for pair in _held(group)]
    count = sum(map(len, groups))
    if len(pairs) >= max(_LEAST_NOTES, count / 2):
        share = median(held / full for held, full in pairs)
        if share < _FULL_SHARE:
            early = median(full - held for held, full in pairs)
            gates = [Gate(share=share), Gate(early=early)]
            lengths = [note.length for group in groups for note in group]
            best = min(gates, key=lambda gate: _misfit(gate, pairs, lengths))
            return replace(best, is_even=_error(best, pairs) < _EVEN)
    off = sum(
        abs(6 * note.end - round(6 * note.end)) > 6 * _EXACT
        for group in groups
        for note in group
    )
    return Gate(is_even=False) if off > _LEAST_UNEVEN * count else None


def _held(group: Sequence[PerformedNote]) -> list[tuple[float, float]]:
    """Return the length and the time until the next onset of notes that are followed.

    They are in steps. Notes before a rest are left out.
    """
    onsets = sorted({note.start for note in group})
    pairs = []
    for note in group:
        next_index = bisect_left(onsets, max(note.end - 0.25, note.start + 0.4))
        if next_index < len(onsets):
            full = onsets[next_index] - note.start
            if _LEAST_SHARE * full <= note.length <= full + 0.25:
                pairs.append((min(note.length, full), full))
    return pairs


def _misfit(
    gate: Gate, pairs: Sequence[tuple[float, float]], lengths: Sequence[float]
) -> float:
    """Return by how many steps a gate misses the written lengths, in the mean.

    Among notes of one length any gate fits those that are followed; the others, at the
    end and before rests, are then known by their written length: whole eighths.
    """
    followed = [abs(gate.full(held) - full) for held, full in pairs]
    eighths = [gate.full(length) / 2 for length in lengths]
    off_grid = [2 * abs(length - round(length)) for length in eighths]
    return sum(
        sum(min(error, 1.0) for error in errors) / len(errors)
        for errors in (followed, off_grid)
    )


def _error(gate: Gate, pairs: Sequence[tuple[float, float]]) -> float:
    """Return the error in steps that three quarters of the notes keep to.

    The others may be followed by a rest.
    """
    errors = sorted(abs(gate.full(held) - full) for held, full in pairs)
    return errors[3 * len(errors) // 4]


def close_gaps(
    line: Sequence[Note], pedals: Sequence[tuple[int, float]], barlines: Sequence[int]
) -> list[Note]:
    """Return the notes of one voice, played unevenly, without gaps of a sixteenth.

    A note of a quarter or more that ends a sixteenth before or after a beat, and does
    not reach the next note, ends with the beat.

    Args:
        line: in order.
        pedals: pairs of the first step of a note and the step until which it sounds
            with the sustain pedal.
        barlines: first steps of bars, in order, the first 0.
    """
    released = dict(pedals)
    closed = []
    for note, after in pairwise([*line, None]):
        assert note is not None
        end = note.end
        if after is not None and (
            after.start - end == 1 or end < after.start <= released.get(note.start, 0.0)
        ):
            end = after.start
        elif after is None or after.start > end + 1:
            end = _nearest_beat(note, barlines)
            if after is not None:
                end = min(end, after.start)
        closed.append(note._replace(length=end - note.start))
    return closed


def _nearest_beat(note: Note, barlines: Sequence[int]) -> int:
    """Return the end of a note, or the beat or barline a sixteenth away from it."""
    if note.length < STEPS_PER_QUARTER - 1:
        return note.end
    ends = [note.end, note.end + 1, note.end - 1]
    beats = [_is_beat(end, barlines) for end in ends]
    return ends[beats.index(True)] if any(beats) else note.end


def _is_beat(step: int, barlines: Sequence[int]) -> bool:
    """Return whether a quarter of a bar begins at a step."""
    begin = barlines[max(bisect_right(barlines, step) - 1, 0)]
    return (step - begin) % STEPS_PER_QUARTER == 0
