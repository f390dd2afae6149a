"""MIDI files for sequencers: four clean tracks whose ticks are the Chorale's steps.

Notes are here; what holds for all voices, bars above all, is in `midi_events`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import mido
import numpy as np

from chorale.errors import DataError, UsageError
from chorale.formats.midi_meta import (
    conductor_events,
    from_latin1,
    meta,
    read_bars,
    read_fermatas,
    read_key,
    read_tempo,
    says_metre,
)
from chorale.formats.played import Played, count_off_grid, line_on_grid, part_voices
from chorale.formats.shared import Reading, naming, voices_by_name
from chorale.music.score import STEPS_PER_QUARTER, Chorale
from chorale.music.voices import INSTRUMENTS, VOICE_NAMES, VOICES
from chorale.utils.files import replacing

TICKS_PER_QUARTER = 480
TICKS_PER_STEP = TICKS_PER_QUARTER // STEPS_PER_QUARTER

# The melody stands out a little, the bass carries; 64 is the middle of the scale.
VELOCITIES = (88, 74, 74, 82)
PERCUSSION_CHANNEL = 9  # counted from 0, by General MIDI

_MOST_STEPS = 100_000  # an hour and a half; beyond lies only a damaged file

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
        instrument: a name of `chorale.music.voices.INSTRUMENTS`, for the programs.

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
        _track(conductor_events(chorale), chorale.steps),
        *(_voice_track(chorale, voice, programs[voice]) for voice in range(VOICES)),
    ]
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, tracks=tracks)
    with replacing(path) as temporary:
        file.save(temporary)


def _voice_track(chorale: Chorale, voice: int, program: int) -> mido.MidiTrack:
    events = [
        (0, meta("track_name", name=VOICE_NAMES[voice].capitalize())),
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
    for step, message in [*ordered, (steps, meta("end_of_track"))]:
        track.append(message.copy(time=(step - last) * TICKS_PER_STEP))
        last = step
    return track


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
    return _read_file(path, _voices)


def read_midi_line(path: Path | str, voice: int) -> Reading:
    """Read one voice of a MIDI file, the others silent; else as `read_midi_as_played`.

    Where only one track or channel has notes, it is the voice.

    Args:
        path: the file.
        voice: which voice it is, or which of four.

    Raises:
        DataError: the file cannot be read, or holds neither one line nor four voices.
    """
    return _read_file(path, lambda tracks: _line(tracks, voice))


def _read_file(
    path: Path | str, parted: Callable[[Sequence[_Track]], list[list[Played]]]
) -> Reading:
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
        reading = _read(file, parted)
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
                read.name = from_latin1(message.name).strip()
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


def _read(
    file: mido.MidiFile, parted: Callable[[Sequence[_Track]], list[list[Played]]]
) -> Reading:
    tracks = [
        _read_track(track, file.ticks_per_beat / STEPS_PER_QUARTER)
        for track in file.tracks
    ]
    voices = parted(tracks)
    lines = [line_on_grid(voice) for voice in voices]
    metas = [meta for track in tracks for meta in track.metas]
    steps = max(note.start + note.length for line in lines for note in line)
    metres, bars, positions = read_bars(metas, steps, tracks[0].end)
    steps = len(bars)
    fermatas = np.zeros(steps, np.bool_)
    for start, end in read_fermatas(metas):
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
        key=read_key(metas),
        tempo=read_tempo(metas, under_fermata=bool(fermatas[0])),
        title=tracks[0].name if titled else "",
    )
    return Reading(
        chorale,
        off_grid=sum(map(count_off_grid, voices)),
        is_assumed=not says_metre(metas),
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


def _line(tracks: Sequence[_Track], voice: int) -> list[list[Played]]:
    """Return what one voice plays, and nothing of the others, soprano first."""
    groups = [played for track in tracks for _, played in sorted(track.played.items())]
    if not groups:
        raise DataError("expected a melody, got no notes (percussion aside)")
    try:
        line = groups[0] if len(groups) == 1 else _voices(tracks)[voice]
        line_on_grid(line)
    except DataError as error:
        if len(groups) == 1:
            try:
                line = part_voices(groups)[voice]
            except DataError:
                raise error from None
        else:
            raise DataError(
                f"expected one line, or four voices of which to take the "
                f"{VOICE_NAMES[voice]}, got notes on {len(groups)} tracks or channels: "
                "keep the one with the melody"
            ) from None
    if not line:
        raise DataError(f"the {VOICE_NAMES[voice]} is silent throughout")
    return [line if one == voice else [] for one in range(VOICES)]
