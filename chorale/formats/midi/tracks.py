"""The parts of a MIDI file: the notes of tracks or channels, and what is known of them.

Percussion is left out. Times are fractional steps.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import NamedTuple

from chorale.errors import DataError
from chorale.formats.limits import MIDI_NOTES, MOST_STEPS
from chorale.formats.midi.events import (
    CONTROL,
    INSTRUMENT_NAME,
    LYRIC,
    META,
    NOTE_OFF,
    NOTE_ON,
    PROGRAM,
    TEXT,
    TRACK_NAME,
    Event,
    MidiFile,
)
from chorale.formats.midi.quantization import PerformedNote
from chorale.formats.parts.info import PartInfo
from chorale.formats.parts.names import Kind, role_of
from chorale.music.metre import STEPS_PER_QUARTER

PERCUSSION_CHANNEL = 9  # counted from 0, by General MIDI

_SUSTAIN_PEDAL, _PEDAL_DOWN = 64, 64  # number of the controller, least value
_BEGINNING = 1.0  # steps after the first note that are still the beginning
_SIMULTANEOUS = 0.5  # share of the shorter of two notes that sound at once


class Meta(NamedTuple):
    """A meta event."""

    step: float
    type: int
    data: bytes

    @property
    def words(self) -> str:
        """The data as text with its spaces: UTF-8, or else Latin-1."""
        try:
            text = self.data.decode("utf-8")
        except UnicodeDecodeError:
            text = self.data.decode("latin-1")
        return text.replace("\0", "")

    @property
    def text(self) -> str:
        """The data as text without spaces around it."""
        return self.words.strip()

    def is_early(self, first: float) -> bool:
        """Return whether the event is of the beginning; `first` is the first note.

        Some programs begin at tick 1, or put the note before its signatures.
        """
        return self.step < first + _BEGINNING


@dataclass(frozen=True, kw_only=True)
class Part:
    """The notes of a track, or of one channel of it.

    Attributes:
        name: of the track or its instrument; may be empty.
        program: General MIDI program from 0, None if the file names none.
        notes: in the order in which they end.
        metas: meta events of the track; of a track of several channels none.
    """

    name: str = ""
    program: int | None = None
    notes: list[PerformedNote] = field(default_factory=list)
    metas: list[Meta] = field(default_factory=list)

    def info(self) -> PartInfo:
        """Return what is known of the part before its voices are separated."""
        if not self.notes:
            return PartInfo(name=self.name, program=self.program, has_notes=False)
        pitches = [note.pitch for note in self.notes]
        return PartInfo(
            name=self.name,
            program=self.program,
            mean=sum(pitches) / len(pitches),
            lowest=min(pitches),
            highest=max(pitches),
            most_at_once=_most_performed_at_once(self.notes),
        )


@dataclass(frozen=True, kw_only=True)
class Performance:
    """The content of a file.

    Attributes:
        parts: tracks, or channels of tracks, in the order of the file; the numbers that
            a user gives count them from 1. A first track without notes is none of them.
        metas: meta events of all tracks, in order of time.
        title: of the file; may be empty.
        end: of the first track.
        remarks: sentences on what was repaired or left out.
    """

    parts: list[Part]
    metas: list[Meta]
    title: str
    end: float
    remarks: list[str]

    @property
    def is_exact(self) -> bool:
        """Whether all notes begin and end on steps, as in files of this package."""
        return all(
            note.start.is_integer() and note.end.is_integer()
            for part in self.parts
            for note in part.notes
        )

    def moved(self, step: Callable[[float], float]) -> Performance:
        """Return the performance with its notes at other times.

        Meta events before the first note remain at the beginning, later ones, except
        words, are left out.
        """
        first = min(note.start for part in self.parts for note in part.notes)

        def move(note: PerformedNote) -> PerformedNote:
            times = (step(time) for time in (note.start, note.end, note.release))
            start, end, release = times
            return replace(note, start=start, end=end, release=release)

        parts = [
            replace(
                part,
                notes=[move(note) for note in part.notes],
                metas=[meta._replace(step=step(meta.step)) for meta in part.metas],
            )
            for part in self.parts
        ]
        words = [
            meta._replace(step=step(meta.step))
            for meta in self.metas
            if meta.type in (TEXT, LYRIC) and not meta.is_early(first)
        ]
        metas = [meta._replace(step=0.0) for meta in self.metas if meta.is_early(first)]
        metas += words
        return replace(self, parts=parts, metas=metas)


def read_parts(file: MidiFile) -> Performance:
    """Return the parts and meta events of a file.

    Raises:
        DataError: it is too long.
    """
    steps_per_tick = STEPS_PER_QUARTER / file.ticks_per_quarter
    parts: list[Part] = []
    metas: list[Meta] = []
    title = ""
    remarks = list(file.remarks)
    damage: dict[str, int] = defaultdict(int)
    for index, (events, end) in enumerate(zip(file.tracks, file.ends, strict=True)):
        if end * steps_per_tick > MOST_STEPS:
            raise DataError(
                f"expected a piece of at most {MOST_STEPS} sixteenths, "
                f"got {end * steps_per_tick:.0f}"
            )
        found = [
            Meta(event.tick * steps_per_tick, event.number, event.data)
            for event in events
            if event.kind == META
        ]
        metas += found
        channels = _read_channels(events, end, steps_per_tick, damage)
        name = _first_text(found, TRACK_NAME)
        # The only track of a format 0 file has the title; in format 1 the first track
        # has it, unless it is one of the voices.
        if index == 0 and (file.format == 0 or not channels):
            title = name
        if index > 0 or channels:
            is_title = file.format == 0
            parts += _parts_of(
                "" if is_title else name or _first_text(found, INSTRUMENT_NAME),
                channels,
                found,
            )
    if sum(len(part.notes) for part in parts) > MIDI_NOTES:
        raise DataError(f"expected at most {MIDI_NOTES} notes, got more")
    remarks += [template.format(count) for template, count in damage.items()]
    metas.sort(key=lambda meta: meta.step)
    return Performance(
        parts=parts,
        metas=metas,
        title=title,
        end=file.ends[0] * steps_per_tick if file.ends else 0.0,
        remarks=remarks,
    )


def _first_text(metas: list[Meta], kind: int) -> str:
    return next((meta.text for meta in metas if meta.type == kind), "")


def _parts_of(name: str, channels: dict[int, Part], metas: list[Meta]) -> list[Part]:
    """Return the parts of a track: one, or one for each of its channels."""
    if len(channels) > 1 and role_of(name).kind != Kind.VOICE:
        return [replace(part, name=name) for _, part in sorted(channels.items())]
    notes = [note for part in channels.values() for note in part.notes]
    program = next((part.program for part in channels.values()), None)
    return [Part(name=name, program=program, notes=notes, metas=metas)]


def _read_channels(
    events: list[Event], end: int, steps_per_tick: float, damage: dict[str, int]
) -> dict[int, Part]:
    """Return the parts of the channels of a track that have notes.

    `damage` counts what is left out or repaired, by the sentence for the user.
    """
    sounding: dict[tuple[int, int], list[float]] = defaultdict(list)
    notes: dict[int, list[PerformedNote]] = defaultdict(list)
    programs: dict[int, int] = {}
    pedals: dict[int, list[tuple[float, bool]]] = defaultdict(list)

    def end_note(channel: int, pitch: int, time: float) -> None:
        start = sounding[channel, pitch].pop(0)
        notes[channel].append(PerformedNote(pitch=pitch, start=start, end=time))

    for event in events:
        time = event.tick * steps_per_tick
        channel = event.number
        if event.kind == PROGRAM:
            programs.setdefault(channel, event.data[0])
        elif event.kind == CONTROL and event.data[0] == _SUSTAIN_PEDAL:
            pedals[channel].append((time, event.data[1] >= _PEDAL_DOWN))
        elif event.kind in (NOTE_ON, NOTE_OFF):
            pitch, velocity = event.data
            if channel == PERCUSSION_CHANNEL:
                if event.kind == NOTE_ON and velocity:
                    damage["percussion is left out: notes on channel 10 ({})"] += 1
            elif not 1 <= pitch <= 127:
                if event.kind == NOTE_ON and velocity:
                    damage["notes of an impossible pitch are left out: {}"] += 1
            elif event.kind == NOTE_ON and velocity:
                sounding[channel, pitch].append(time)
            elif sounding[channel, pitch]:
                if sounding[channel, pitch][0] == time:
                    said = "notes without length, such as grace notes, are left out: {}"
                    damage[said] += 1
                    sounding[channel, pitch].pop(0)
                else:
                    end_note(channel, pitch, time)
    for (channel, pitch), starts in sounding.items():
        for _ in list(starts):
            damage["unterminated notes sound to the end of their track: {}"] += 1
            end_note(channel, pitch, end * steps_per_tick)
    return {
        channel: Part(
            program=programs.get(channel), notes=_with_pedal(found, pedals[channel])
        )
        for channel, found in notes.items()
    }


def _with_pedal(
    notes: list[PerformedNote], pedal: list[tuple[float, bool]]
) -> list[PerformedNote]:
    """Return notes with the time until which the sustain pedal lets them sound.

    `pedal` has the times at which it moves, in order, and whether it is down then. A
    pedal that is never lifted lets notes sound to the end of the last one.
    """
    if not any(is_down for _, is_down in pedal):
        return notes
    times = [time for time, _ in pedal]
    lifted = []  # of each move, when the pedal is up again
    up = max(note.end for note in notes)
    for time, is_down in reversed(pedal):
        up = up if is_down else time
        lifted.append(up)
    lifted.reverse()
    found = []
    for note in notes:
        before = bisect_right(times, note.end) - 1
        is_held = before >= 0 and pedal[before][1]
        found.append(replace(note, release=lifted[before]) if is_held else note)
    return found


def _most_performed_at_once(notes: list[PerformedNote]) -> int:
    """Return the most pitches that sound at once; legato overlaps do not count."""
    most = 1
    sounding: list[tuple[float, int]] = []  # ends and pitches
    counts: Counter[int] = Counter()  # of notes by pitch
    for note in sorted(notes, key=lambda note: note.start):
        while sounding and (
            sounding[0][0] - note.start <= _SIMULTANEOUS * min(note.length, 1.0)
        ):
            _, pitch = heappop(sounding)
            counts[pitch] -= 1
            if not counts[pitch]:
                del counts[pitch]
        heappush(sounding, (note.end, note.pitch))
        counts[note.pitch] += 1
        most = max(most, len(counts))
    return most
