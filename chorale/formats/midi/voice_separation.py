"""Voice separation: the voices of a track on which several notes sound at once.

A beam search gives each note to a voice: voices cross and leap as little as possible.
A note that stands alone may be a unison of two voices, or one of them rests.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations, product
from statistics import fmean
from typing import NamedTuple

import numpy as np

from chorale.errors import DataError
from chorale.formats.places import Place
from chorale.music.score import Note

_BEAM = 12  # states that are kept
_CROSSING_COST = 8.0  # semitones of leap that are as bad
_CUT_COST = 2.0
_LONGEST_CUT = 1  # steps by which a note may reach into the next of its voice
# Semitones by which an inner and an outer voice go out of their way to join another in
# unison; if they are more, the voice rests. Outer voices rarely do.
_LONGEST_DETOUR = (6, 10)
# Shares of the time that all voices have to sound, as written, and that each sounds on
# average, with unisons; otherwise it is another texture.
_LEAST_FULL, _LEAST_SOUNDING = 0.33, 0.7
_LEAST_COMMON_REST = 2  # steps; shorter ones may be those of staccato


class _Assigned(NamedTuple):
    """The notes that begin at a step with their voices, and those before: a list."""

    earlier: _Assigned | None
    notes: list[tuple[int, Note]]


class _State(NamedTuple):
    """A partial assignment of notes to voices."""

    cost: float
    last: tuple[float, ...]  # the latest pitch of each voice
    ends: tuple[int, ...]  # the step until which each voice sounds
    history: _Assigned | None = None


@dataclass
class Separation:
    """The voices of a group of notes.

    Attributes:
        lines: the notes of each voice in order, the highest voice first.
        unisons: steps at which one note is read as one of two voices.
        rests: of each voice, first steps of its rests while another sounds, and the
            steps after them.
        doubled: number of notes that stand twice and are read once.
    """

    lines: list[list[Note]]
    unisons: list[int] = field(default_factory=list)
    rests: list[list[tuple[int, int]]] = field(default_factory=list)
    doubled: int = 0


def separate_voices(
    notes: Sequence[Note],
    voices: int,
    outer: Collection[int],
    place: Place,
    entries: Collection[int] = (),
) -> Separation:
    """Separate the notes of a group into voices.

    Args:
        notes: in any order; a unison of two voices may be written once or twice.
        voices: how many there are.
        outer: which of them are the soprano and the bass.
        place: names a step.
        entries: steps at which a note that stands alone is a unison, see
            `common_entries`.

    Raises:
        DataError: more notes sound at once than there are voices, or mostly fewer.
    """
    if not notes:  # a staff that is silent throughout
        return Separation(
            [[] for _ in range(voices)], rests=[[] for _ in range(voices)]
        )
    chords: dict[int, list[Note]] = defaultdict(list)
    for note in sorted(notes, key=lambda note: (note.start, -note.pitch, -note.length)):
        chords[note.start].append(note)
    pitches = _usual_pitches(list(chords.values()), voices)
    states = [_State(0.0, pitches, (0,) * voices)]
    doubled = 0
    for step, chord in chords.items():
        following = _following(states, step, chord)
        if not following:
            single = list({note.pitch: note for note in reversed(chord)}.values())[::-1]
            doubled += len(chord) - len(single)
            following = _following(states, step, single)
        if not following:
            sounding = sum(end > step for end in states[0].ends) + len(chord)
            wanted = "one voice" if voices == 1 else f"{voices} voices"
            raise DataError(
                f"expected {wanted}, got {sounding} notes at once in {place(step)}"
            )
        states = _best(following)
    separation = Separation(_lines(states[0], voices), doubled=doubled)
    _check_texture(separation.lines, place, _LEAST_FULL, at_once=True)
    _join_unisons(separation, outer, entries)
    _check_texture(separation.lines, place, _LEAST_SOUNDING)
    return separation


def _check_texture(
    lines: Sequence[Sequence[Note]], place: Place, least: float, at_once: bool = False
) -> None:
    """Check that the voices sound for a share of the time in which any of them does.

    They have to sound at once, or on average.

    Raises:
        DataError: they do not.
    """
    end = max(note.end for line in lines for note in line)
    sounding = np.zeros((len(lines), end), np.bool_)
    for voice, line in enumerate(lines):
        for note in line:
            sounding[voice, note.start : note.end] = True
    counts = sounding.sum(axis=0)
    sung = counts[counts > 0]
    share = (sung == len(lines)).mean() if at_once else sung.mean() / len(lines)
    if share < least:
        first = int(np.flatnonzero((counts > 0) & (counts < len(lines)))[0])
        raise DataError(
            f"expected {len(lines)} voices, mostly fewer notes sound at once, first in "
            f"{place(first)}"
        )


def _usual_pitches(chords: Sequence[Sequence[Note]], voices: int) -> tuple[float, ...]:
    """Return the mean pitch of each voice in full chords, or guesses."""
    full = [chord for chord in chords if len(chord) == voices]
    if full:
        return tuple(
            fmean(chord[rank].pitch for chord in full) for rank in range(voices)
        )
    mean = fmean(note.pitch for chord in chords for note in chord)
    return tuple(mean - 5 * (rank - (voices - 1) / 2) for rank in range(voices))


def _following(
    states: Sequence[_State], step: int, chord: Sequence[Note]
) -> list[_State]:
    """Return the states after the notes that begin at a step."""
    found = []
    for state in states:
        voices = range(len(state.ends))
        free = [voice for voice in voices if state.ends[voice] <= step]
        cut = 0.0
        if len(free) < len(chord):
            free = [v for v in voices if state.ends[v] - step <= _LONGEST_CUT]
            cut = _CUT_COST
        orders = [chord, _swapped(chord)] if _has_unison(chord) else [chord]
        for chosen, order in product(combinations(free, len(chord)), orders):
            last, ends = list(state.last), list(state.ends)
            cost = state.cost + cut
            for voice, note in zip(chosen, order, strict=True):
                cost += abs(note.pitch - last[voice])
                last[voice], ends[voice] = note.pitch, note.end
            sounding = [last[voice] for voice in voices if ends[voice] > step]
            cost += _CROSSING_COST * sum(
                upper < lower for upper, lower in combinations(sounding, 2)
            )
            assigned = list(zip(chosen, order, strict=True))
            found.append(
                _State(
                    cost, tuple(last), tuple(ends), _Assigned(state.history, assigned)
                )
            )
    return found


def _has_unison(chord: Sequence[Note]) -> bool:
    return len({note.pitch for note in chord}) < len(chord)


def _swapped(chord: Sequence[Note]) -> list[Note]:
    """Return a chord with the shorter one of equal pitches first."""
    return sorted(chord, key=lambda note: (-note.pitch, note.length))


def _best(states: list[_State]) -> list[_State]:
    """Return the best states, of equal ones the cheapest."""
    unique: dict[tuple[object, ...], _State] = {}
    for state in sorted(states, key=lambda state: state.cost):
        unique.setdefault((state.last, state.ends), state)
    return list(unique.values())[:_BEAM]


def _lines(state: _State, voices: int) -> list[list[Note]]:
    """Return the notes of each voice; one that reaches into the next is cut."""
    lines: list[list[Note]] = [[] for _ in range(voices)]
    history = state.history
    while history is not None:
        for voice, note in history.notes:
            line = lines[voice]
            if line and note.end > line[-1].start:
                note = note._replace(length=line[-1].start - note.start)
            line.append(note)
        history = history.earlier
    return [line[::-1] for line in lines]


# === Unisons and rests ===


def common_entries(staves: Sequence[Sequence[Note]]) -> set[int]:
    """Return the steps at which all staves enter after a rest with one note each."""
    entries = set()
    end = 0
    for note in sorted(chain(*staves), key=lambda note: note.start):
        if end and note.start - end >= _LEAST_COMMON_REST:
            entries.add(note.start)
        end = max(end, note.end)
    for staff in staves:
        counts = Counter(note.start for note in staff)
        entries = {step for step in entries if counts[step] == 1}
    return entries


def _join_unisons(
    separation: Separation, outer: Collection[int], entries: Collection[int]
) -> None:
    """Give notes that stand alone to two voices, or note that a voice rests."""
    written = separation.lines
    joined: list[list[Note]] = []
    end = max(note.end for line in written for note in line)
    sounding = np.zeros(end + 1, np.bool_)
    for line in written:
        for note in line:
            sounding[note.start : note.end] = True
    starts = [[note.start for note in line] for line in written]
    for voice, line in enumerate(written):
        added: list[Note] = []
        rests = []
        longest = _LONGEST_DETOUR[voice in outer]
        near = [index for index in (voice - 1, voice + 1) if 0 <= index < len(written)]
        for begin, stop, before, after in _gaps(line, end):
            runs = [_run(written[index], starts[index], begin, stop) for index in near]
            best = min(
                (run for run in runs if run),
                key=lambda run: _detour(run, before, after),
                default=[],
            )
            is_entry = len(best) == 1 and best[0].start in entries
            if best and (is_entry or _detour(best, before, after) <= longest):
                added += best
                separation.unisons += [note.start for note in best]
            elif sounding[begin:stop].any():
                rests.append((begin, stop))
        joined.append(sorted([*line, *added], key=lambda note: note.start))
        separation.rests.append(rests)
    separation.lines = joined


def _gaps(
    line: Sequence[Note], end: int
) -> list[tuple[int, int, int | None, int | None]]:
    """Return the rests of a voice: begin, end, pitch before and after."""
    edges = [0, *(step for note in line for step in (note.start, note.end)), end]
    pitches = [None, *(note.pitch for note in line), None]
    return [
        (begin, stop, pitches[index], pitches[index + 1])
        for index, (begin, stop) in enumerate(zip(edges[::2], edges[1::2], strict=True))
        if stop > begin
    ]


def _run(
    line: Sequence[Note], starts: Sequence[int], begin: int, stop: int
) -> list[Note]:
    """Return the notes of another voice that begin in a rest, cut at its end."""
    chosen = line[bisect_left(starts, begin) : bisect_left(starts, stop)]
    return [note._replace(length=min(note.end, stop) - note.start) for note in chosen]


def _detour(run: Sequence[Note], before: int | None, after: int | None) -> float:
    """Return how far a voice goes out of its way to sing a run of notes."""
    first, last = run[0].pitch, run[-1].pitch
    if before is not None and after is not None:
        return abs(first - before) + abs(after - last) - abs(after - before)
    if before is not None:
        return 2 * abs(first - before)
    return float("inf") if after is None else 2 * abs(after - last)
