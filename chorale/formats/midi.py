"""MIDI files for sequencers: four clean tracks whose ticks are the Chorale's steps.

Sequencers count bars from tick 0 and know neither pickups nor split bars. A bar that
is not full therefore has a time signature of its own length, such as 1/4 for a pickup
of one quarter, and the real one follows at the next barline: barlines then fall where
the score has them. What time signatures cannot say, the numbers of bars and the place
in the bar where a short one begins, stands in text events beside them, so that our own
files are read back exactly.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import mido
import numpy as np

from chorale.errors import DataError, UsageError
from chorale.files import replacing
from chorale.formats import (
    FERMATA_TEMPO,
    Bar,
    Reading,
    fermata_spans,
    naming,
    step_tempos,
    voices_by_name,
    written_bars,
)
from chorale.formats.played import (
    Played,
    count_off_grid,
    line_on_grid,
    part_voices,
)
from chorale.keys import Key
from chorale.score import (
    COMMON_TIME,
    DEFAULT_TEMPO,
    STEPS_PER_QUARTER,
    STEPS_PER_WHOLE,
    Chorale,
    IntArray,
    Metre,
    lay_bars,
)
from chorale.voices import INSTRUMENTS, VOICE_NAMES, VOICES

TICKS_PER_QUARTER = 480
TICKS_PER_STEP = TICKS_PER_QUARTER // STEPS_PER_QUARTER

# The melody stands out a little, the bass carries; 64 is the middle of the scale.
VELOCITIES = (88, 74, 74, 82)
PERCUSSION_CHANNEL = 9  # counted from 0, by General MIDI

_SLOWEST_TEMPO = 0xFFFFFF  # microseconds a quarter, all that three bytes hold
_MOST_STEPS = 100_000  # an hour and a half; beyond lies only a damaged file
_FERMATA, _FERMATA_END = "fermata", "a tempo"
_BAR_TEXT = re.compile(r"chorale bar (\d{1,9}) position (\d{1,9})")
_METRE_TEXT = re.compile(r"chorale metre (\d{1,9}/\d{1,9})")

# === Writing ===


def write_midi(
    chorale: Chorale, path: Path | str, *, instrument: str = "choir"
) -> None:
    """Write a format 1 file: a conductor track, then one track a voice.

    A held step is one note, a repeated note is struck again. Fermatas are markers and
    slow the tempo map; they move no tick. Text is UTF-8.

    Args:
        chorale: what to write.
        path: the file.
        instrument: a name of `chorale.voices.INSTRUMENTS`, for the programs.

    Raises:
        UsageError: there is no such instrument.
        OutputError: the file cannot be written.
    """
    if instrument not in INSTRUMENTS:
        raise UsageError(
            f"expected an instrument out of {', '.join(INSTRUMENTS)}, "
            f"got {instrument!r}"
        )
    programs = INSTRUMENTS[instrument]
    tracks = [
        _conductor_track(chorale),
        *(_voice_track(chorale, voice, programs[voice]) for voice in range(VOICES)),
    ]
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, tracks=tracks)
    with replacing(path) as temporary:
        file.save(temporary)


def _conductor_track(chorale: Chorale) -> mido.MidiTrack:
    """Return the track of what holds for all voices."""
    events = []
    if chorale.title:
        events.append((0, _meta("track_name", name=_as_latin1(chorale.title))))
    if chorale.key is not None:
        name = chorale.key.tonic + ("m" if chorale.key.mode == "minor" else "")
        events.append((0, _meta("key_signature", key=name)))
    events += _bar_texts(chorale)
    events += _time_signatures(chorale)
    tempos = step_tempos(chorale)
    for step in [0, *(np.flatnonzero(np.diff(tempos)) + 1).tolist()]:
        tempo = min(round(mido.bpm2tempo(tempos[step])), _SLOWEST_TEMPO)
        events.append((step, _meta("set_tempo", tempo=tempo)))
    for start, end in fermata_spans(chorale):
        events.append((start, _meta("marker", text=_FERMATA)))
        events.append((end, _meta("marker", text=_FERMATA_END)))
    return _track(events, chorale.steps)


def _bar_texts(chorale: Chorale) -> list[tuple[int, mido.MetaMessage]]:
    """Return the metres, and where bars are not simply full ones counted from 1."""
    bars, positions = chorale.bars, chorale.positions
    over = positions[:-1] + 1 >= chorale.bar_lengths()[:-1]
    counts_on = (bars[1:] == bars[:-1] + over) & (
        positions[1:] == np.where(over, 0, positions[:-1] + 1)
    )
    places = [0, *(np.flatnonzero(~counts_on) + 1).tolist()]
    texts = [(one.step, f"chorale metre {one.name}") for one in chorale.metres]
    texts += [
        (step, f"chorale bar {bars[step]} position {positions[step]}")
        for step in places
    ]
    return [(step, _meta("text", text=text)) for step, text in texts]


def _time_signatures(chorale: Chorale) -> list[tuple[int, mido.MetaMessage]]:
    """Return time signatures under which a sequencer draws the barlines right."""
    bars = written_bars(chorale)
    events = []
    current = None
    for bar in bars:
        # The last bar may be short, completing the pickup: no barline comes after it.
        cut_off = bar is bars[-1] and bar.position == 0
        signature = bar.metre if cut_off else _signature(bar)
        numbers = (signature.numerator, signature.denominator)
        if numbers != current:
            message = _meta(
                "time_signature", numerator=numbers[0], denominator=numbers[1]
            )
            events.append((bar.start, message))
        current = numbers
    return events


def _signature(bar: Bar) -> Metre:
    """Return the time signature under which a bar is full."""
    if bar.length == bar.metre.bar_length:
        return bar.metre
    unit = max(unit for unit in (1, 2, 4) if bar.length % unit == 0)
    return Metre(bar.length // unit, STEPS_PER_WHOLE // unit)


def _voice_track(chorale: Chorale, voice: int, program: int) -> mido.MidiTrack:
    events = [
        (0, _meta("track_name", name=VOICE_NAMES[voice].capitalize())),
        (0, mido.Message("program_change", channel=voice, program=program)),
    ]
    # Notes of a voice never overlap, so in this order an end comes before a beginning.
    for note in chorale.notes(voice):
        on = {"channel": voice, "note": note.pitch, "velocity": VELOCITIES[voice]}
        off = {"channel": voice, "note": note.pitch, "velocity": 0}
        events.append((note.start, mido.Message("note_on", **on)))
        events.append((note.start + note.length, mido.Message("note_off", **off)))
    return _track(events, chorale.steps)


def _track(events: Iterable[tuple[int, Any]], steps: int) -> mido.MidiTrack:
    """Return a track of messages at steps, which ends with the piece.

    Messages of one step keep their order.
    """
    track = mido.MidiTrack()
    last = 0
    ordered = sorted(events, key=lambda event: event[0])
    for step, message in [*ordered, (steps, _meta("end_of_track"))]:
        track.append(message.copy(time=(step - last) * TICKS_PER_STEP))
        last = step
    return track


def _meta(kind: str, **fields: Any) -> mido.MetaMessage:
    return mido.MetaMessage(kind, **fields)


# mido writes and reads text as Latin-1; handing it the bytes of UTF-8 in that disguise
# keeps every title without touching its global setting.
def _as_latin1(text: str) -> str:
    return text.encode("utf-8", "replace").decode("latin-1")


def _from_latin1(text: str) -> str:
    """Return a text of a foreign file, which is UTF-8 or else Latin-1."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return text


# === Reading ===


def read_midi(path: Path | str) -> Chorale:
    """Read a MIDI file of four voices; see `read_midi_as_played`."""
    return read_midi_as_played(path).chorale


def read_midi_as_played(path: Path | str) -> Reading:
    """Read a MIDI file of four voices, and how many of its notes are off the grid.

    Our own files come back exactly. In others the voices are the tracks named after
    them, or the four tracks or channels that have notes, the higher on the average
    first, or what two tracks play in pairs or one plays in fours throughout. Notes
    move to the nearest sixteenth; percussion is left out; a first bar with a shorter
    time signature of its own is a pickup.

    Returns:
        The chorale, whose key is None where the file gives none; no spelling; the notes
        that begin further from a sixteenth than players are late.

    Raises:
        DataError: the file cannot be read, or does not hold four voices.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError("expected a MIDI file, there is no such file", path)
    try:
        file = mido.MidiFile(path)
    except Exception as error:  # mido raises whatever a damaged file leads it to
        reason = str(error) or "it ends too early"
        raise DataError(
            f"expected a MIDI file, cannot read it: {reason}", path
        ) from error
    with naming(path):
        if file.ticks_per_beat <= 0 or file.type == 2:
            raise DataError(
                "expected a MIDI file of format 0 or 1 that counts in ticks a quarter"
            )
        reading = _read(file)
    chorale = replace(reading.chorale, source=path.stem)
    return reading._replace(chorale=chorale)


@dataclass(kw_only=True)
class _Track:
    """What one track holds.

    Attributes:
        name: empty if it has none.
        played: notes by channel, without percussion.
        metas: meta messages, each with its step, not yet a whole one.
        end: where the track ends, in steps.
    """

    name: str = ""
    played: dict[int, list[Played]] = field(default_factory=lambda: defaultdict(list))
    metas: list[tuple[float, mido.MetaMessage]] = field(default_factory=list)
    end: float = 0.0


def _read_track(track: mido.MidiTrack, ticks_per_step: float) -> _Track:
    read = _Track()
    tick = 0
    sounding: dict[tuple[int, int], list[float]] = defaultdict(list)
    for message in track:
        tick += message.time
        step = tick / ticks_per_step
        if message.is_meta:
            read.metas.append((step, message))
            if message.type == "track_name" and not read.name:
                read.name = _from_latin1(message.name).strip()
        elif message.type in ("note_on", "note_off"):
            key = (message.channel, message.note)
            if message.type == "note_on" and message.velocity:
                sounding[key].append(step)
            elif sounding[key]:
                played = Played(
                    pitch=message.note, start=sounding[key].pop(0), end=step
                )
                read.played[message.channel].append(played)
    read.end = tick / ticks_per_step
    # A note that nobody ends sounds to the end of its track.
    for (channel, pitch), starts in sounding.items():
        for start in starts:
            played = Played(pitch=pitch, start=start, end=read.end)
            read.played[channel].append(played)
    if read.end > _MOST_STEPS:
        raise DataError(
            f"expected a piece of at most {_MOST_STEPS} sixteenths, got {read.end:.0f}"
        )
    read.played.pop(PERCUSSION_CHANNEL, None)
    return read


def _read(file: mido.MidiFile) -> Reading:
    tracks = [
        _read_track(track, file.ticks_per_beat / STEPS_PER_QUARTER)
        for track in file.tracks
    ]
    voices = _voices(tracks)
    lines = [line_on_grid(voice) for voice in voices]
    metas = [meta for track in tracks for meta in track.metas]
    steps = max(note.start + note.length for line in lines for note in line)
    own_metres = _own_metres(metas)
    if own_metres:
        steps = max(steps, round(tracks[0].end))
        metres = own_metres
        bars, positions = _own_bars(metas, metres, steps)
    else:
        metres, pickup = _foreign_metres(metas)
        metres = tuple(metre for metre in metres if metre.step < steps)
        bars, positions = lay_bars(steps, metres, pickup)
    fermatas = np.zeros(steps, np.bool_)
    for start, end in _fermatas(metas):
        fermatas[start:end] = True
    # In a file of format 0 the only track is the piece.
    titled = file.type == 0 or not tracks[0].played
    chorale = Chorale.from_notes(
        lines,
        steps,
        fermatas=fermatas,
        bars=bars,
        positions=positions,
        metres=metres,
        key=_key(metas),
        tempo=_tempo(metas, under_fermata=bool(fermatas[0])),
        title=tracks[0].name if titled else "",
    )
    return Reading(
        chorale,
        off_grid=sum(map(count_off_grid, voices)),
        is_assumed=not any(meta.type == "time_signature" for _, meta in metas),
    )


def _voices(tracks: Sequence[_Track]) -> list[list[Played]]:
    """Return what each of the four voices plays, soprano first."""
    order = voices_by_name([track.name for track in tracks])
    if order is not None:
        voices = [list(chain(*tracks[place].played.values())) for place in order]
        if any(voices):
            return voices
    return part_voices(
        [played for track in tracks for _, played in sorted(track.played.items())]
    )


# === Time ===

_Metas = Sequence[tuple[float, mido.MetaMessage]]


def _of_type(metas: _Metas, kind: str) -> list[tuple[int, mido.MetaMessage]]:
    return [(round(step), message) for step, message in metas if message.type == kind]


def _matches(
    metas: _Metas, pattern: re.Pattern[str]
) -> list[tuple[int, re.Match[str]]]:
    """Return the text events that are of our own making."""
    found = [
        (step, pattern.fullmatch(text.text)) for step, text in _of_type(metas, "text")
    ]
    return [(step, match) for step, match in found if match is not None]


def _own_metres(metas: _Metas) -> tuple[Metre, ...]:
    """Return the metres that our own files name; nothing from others."""
    metres = tuple(
        Metre.parse(match[1], step) for step, match in _matches(metas, _METRE_TEXT)
    )
    return metres if metres and metres[0].step == 0 else ()


def _own_bars(
    metas: _Metas, metres: Sequence[Metre], steps: int
) -> tuple[IntArray, IntArray]:
    """Return `bars` and `positions` as our own files give them."""
    places = {
        step: (int(match[1]), int(match[2]))
        for step, match in _matches(metas, _BAR_TEXT)
    }
    lengths = {metre.step: metre.bar_length for metre in metres}
    bars, positions = np.zeros(steps, np.int64), np.zeros(steps, np.int64)
    bar, position, length = 1, 0, lengths[0]
    for step in range(steps):
        if position >= length:
            bar, position = bar + 1, 0
        bar, position = places.get(step, (bar, position))
        length = lengths.get(step, length)
        bars[step], positions[step] = bar, position
        position += 1
    return bars, positions


def _foreign_metres(metas: _Metas) -> tuple[tuple[Metre, ...], int]:
    """Return the metres that the time signatures give, and the pickup in steps."""
    metres = {0: COMMON_TIME}
    for step, signature in _of_type(metas, "time_signature"):
        metres[step] = Metre(signature.numerator, signature.denominator, step)
    ordered = [metres[step] for step in sorted(metres)]
    if len(ordered) > 1:
        first, second = ordered[:2]
        if first.bar_length == second.step < second.bar_length:
            ordered[:2] = [replace(second, step=0)]
            return tuple(ordered), first.bar_length
    return tuple(ordered), 0


def _fermatas(metas: _Metas) -> list[tuple[int, int]]:
    """Return the first step of each marked fermata and the step after its last."""
    spans = []
    start: int | None = None
    for step, marker in _of_type(metas, "marker"):
        if marker.text == _FERMATA:
            start = step
        elif marker.text == _FERMATA_END and start is not None:
            spans.append((start, step))
            start = None
    return spans


def _key(metas: _Metas) -> Key | None:
    for _, message in _of_type(metas, "key_signature"):
        name = message.key
        return Key(name.removesuffix("m"), "minor" if name.endswith("m") else "major")
    return None


def _tempo(metas: _Metas, under_fermata: bool) -> float:
    """Return the tempo of the beginning, in quarters a minute."""
    for _, message in _of_type(metas, "set_tempo"):
        tempo = float(mido.tempo2bpm(message.tempo))
        # Whole microseconds a quarter are good for two places.
        return round(tempo / FERMATA_TEMPO if under_fermata else tempo, 2)
    return DEFAULT_TEMPO
