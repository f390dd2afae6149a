"""The four voices of a MIDI file, on the grid: from its tracks, channels or chords."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from chorale.errors import DataError
from chorale.formats.midi.note_lengths import Gate, close_gaps
from chorale.formats.midi.quantization import (
    PerformedNote,
    count_overlaps,
    off_grid,
    quantize,
    without_divisi,
    without_doubles,
)
from chorale.formats.midi.tracks import Part
from chorale.formats.midi.voice_separation import (
    Separation,
    common_entries,
    separate_voices,
)
from chorale.formats.parts.choice import choose_line, choose_parts
from chorale.formats.places import Place, list_bars
from chorale.formats.remarks import on_short_notes, on_unisons
from chorale.music.score import Note
from chorale.music.voices import BASS, SOPRANO, VOICE_NAMES, VOICES
from chorale.utils.arrays import IntArray

Group = Sequence[PerformedNote]

_LEAST_REST = 2  # steps of a rest that is said
_OUTER = {SOPRANO: 1, BASS: -1}  # which note of a divided voice is read


@dataclass(kw_only=True)
class Voices:
    """The voices of a file.

    Attributes:
        lines: the notes of the four voices, soprano first.
        off_grid: first steps of the notes that begin between two sixteenths.
        remarks: sentences on what was guessed.
        rests: of each voice, first steps of rests that are said, and the steps after
            them.
    """

    lines: list[list[Note]]
    off_grid: list[int] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    rests: list[list[tuple[int, int]]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Bars:
    """The bars of a piece, to name places.

    Attributes:
        numbers, positions: of each step, as `bars` and `positions` of a `Chorale`.
        place: names a step.
    """

    numbers: IntArray
    positions: IntArray
    place: Place

    def number_at(self, step: int) -> int:
        return int(self.numbers[min(step, len(self.numbers) - 1)])

    @property
    def starts(self) -> list[int]:
        """First steps of bars, in order, the first 0."""
        return [0, *(np.flatnonzero(self.positions[1:] == 0) + 1).tolist()]


def parts_to_read(
    parts: Sequence[Part], voice: int | None, wanted: tuple[int, ...] | None
) -> tuple[list[Part], list[str]]:
    """Return the parts to read, and sentences on the choice.

    Four parts are the voices, two have two voices each, one has all of them or, if a
    voice is given, a melody.

    Raises:
        DataError: as `choose_parts`.
    """
    infos = [part.info() for part in parts]
    if voice is None:
        choice = choose_parts(infos, wanted)
    else:
        choice = choose_line(infos, voice, wanted)
    return [parts[index] for index in choice.parts], list(choice.remarks)


def read_voices(
    groups: Sequence[Group], voice: int | None, bars: Bars, gate: Gate | None
) -> Voices:
    """Return the four voices of groups of notes, or one of them, the others silent.

    Args:
        groups: the notes of the parts from `parts_to_read`.
        voice: the voice that is read, all if None.
        bars: to name places.
        gate: how notes are held; None if in full.

    Raises:
        DataError: more notes sound at once than there are voices, or a voice that is
            asked for is silent.
    """
    if len(groups) == VOICES:
        chosen = range(VOICES) if voice is None else [voice]
        voices = _of_lines(groups, chosen, bars)
    elif voice is not None and len(groups) == 1:
        voices = _of_melody(groups[0], voice, bars)
    else:
        voices = _of_staves(groups, bars)
    if voice is not None:
        if not voices.lines[voice]:
            raise DataError(f"the {VOICE_NAMES[voice]} is silent throughout")
        voices.lines = [
            line if index == voice else [] for index, line in enumerate(voices.lines)
        ]
    if gate is not None and not gate.is_even:
        pedals = [
            (note.quantized.start, note.release)
            for group in groups
            for note in group
            if note.release
        ]
        closed = [close_gaps(line, pedals, bars.starts) for line in voices.lines]
        voices.remarks += [gate.remark] * (closed != voices.lines)
        voices.lines = closed
    voices.remarks += _on_rests(
        voices, range(VOICES) if voice is None else [voice], bars
    )
    return voices


def _on_rests(voices: Voices, chosen: Sequence[int], bars: Bars) -> list[str]:
    """Return sentences on the rests that remain in voices that are read."""
    remarks = []
    for voice, rests in enumerate(voices.rests):
        line = voices.lines[voice]
        starts = [note.start for note in line]
        begins = []
        for begin, stop in rests:
            before = bisect_left(starts, stop) - 1
            begin = max(begin, line[before].end) if before >= 0 else begin
            if stop - begin >= _LEAST_REST:
                begins.append(begin)
        if begins and voice in chosen:
            where = list_bars(map(bars.number_at, begins))
            name = VOICE_NAMES[voice]
            remarks.append(f"the {name} rests, as it has no note, in {where}")
    return remarks


def _of_lines(groups: Sequence[Group], chosen: Sequence[int], bars: Bars) -> Voices:
    """Return the voices of groups of one voice each."""
    voices = Voices(lines=[[] for _ in range(VOICES)])
    doubled = overlaps = omitted = 0
    for voice in chosen:
        notes, twice = without_doubles(groups[voice])
        notes, divided = without_divisi(notes, outer=_OUTER.get(voice, 0))
        if divided:
            where = list_bars(map(bars.number_at, divided))
            voices.remarks.append(
                f"the {VOICE_NAMES[voice]} is divided in {where}: one note is read"
            )
        try:
            voices.lines[voice] = quantize(notes, bars.place)
        except DataError as error:
            raise DataError(f"{VOICE_NAMES[voice]}: {error}") from None
        doubled += twice
        omitted += len(notes) - len(voices.lines[voice])
        overlaps += count_overlaps(notes)
        voices.off_grid += off_grid(notes)
    voices.remarks += _on_doubles(doubled)
    voices.remarks += on_short_notes(omitted)
    if overlaps:
        voices.remarks.append(
            f"notes that overlap the next of their voice are shortened: {overlaps}"
        )
    return voices


def _on_doubles(count: int) -> list[str]:
    return [f"notes that are written twice are read once: {count}"] * (count > 0)


def _of_melody(group: Group, voice: int, bars: Bars) -> Voices:
    """Return the only line, or one of the four voices in chords."""
    groups: list[Group] = [group if index == voice else [] for index in range(VOICES)]
    try:
        return _of_lines(groups, [voice], bars)
    except DataError as error:
        try:
            return _of_staves([group], bars)
        except DataError:
            raise error from None


# === Several voices in a group ===


def _of_staves(groups: Sequence[Group], bars: Bars) -> Voices:
    """Return the voices of one group of four, or of two groups of two voices each.

    If one of two groups has more than two notes at once, both are read together.
    """
    try:
        if len(groups) == 1:
            separations = [_separate(groups[0], VOICES, (0, VOICES - 1), bars)]
        else:
            entries = common_entries([_quantized(group) for group in groups])
            separations = [
                _separate(group, VOICES // 2, (place,), bars, entries)
                for place, group in enumerate(groups)
            ]
    except DataError:
        if len(groups) == 1:
            raise
        try:
            separations = [
                _separate(list(chain(*groups)), VOICES, (0, VOICES - 1), bars)
            ]
        except DataError:
            separations = []
        if not separations:
            raise
        groups = [list(chain(*groups))]
    lines = [line for separation in separations for line in separation.lines]
    how = "all four voices" if len(groups) == 1 else "the voices of each track"
    # Whether voices cross cannot be known.
    voices = Voices(lines=lines, remarks=[f"{how} are separated by their height"])
    voices.off_grid = [step for group in groups for step in off_grid(group)]
    voices.remarks += _on_doubles(sum(found.doubled for found in separations))
    unisons = [step for found in separations for step in found.unisons]
    voices.remarks += on_unisons(map(bars.number_at, unisons))
    voices.rests = [spans for found in separations for spans in found.rests]
    return voices


def _quantized(group: Group) -> list[Note]:
    return [note.quantized for note in group]


def _separate(
    group: Group,
    voices: int,
    outer: Collection[int],
    bars: Bars,
    entries: Collection[int] = (),
) -> Separation:
    """Return the voices of a group of performed notes, see `separate_voices`.

    A note shorter than half a sixteenth makes room for one at the same step.
    """
    by_step: dict[int, list[PerformedNote]] = {}
    for note in group:
        by_step.setdefault(note.quantized.start, []).append(note)
    kept = [
        note
        for notes in by_step.values()
        for note in notes
        if note.length >= 0.5 or len(notes) <= voices
    ]
    return separate_voices(_quantized(kept), voices, outer, bars.place, entries)
