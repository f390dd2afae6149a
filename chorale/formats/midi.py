"""MIDI files: a conductor track and four voice tracks whose ticks are whole steps.

Notes are read and written here; title, key, metre, tempo and fermatas in `midi_meta`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import mido
import numpy as np

from chorale.errors import DataError, located
from chorale.formats import midi_meta
from chorale.formats.quantization import PerformedNote, count_off_grid, quantize
from chorale.formats.reading import Reading, ReadingOptions
from chorale.formats.voice_separation import match_voice_names, separate_voices
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import Chorale
from chorale.music.voices import INSTRUMENTS, VOICE_NAMES, VOICES
from chorale.utils.checks import check_choice
from chorale.utils.files import replacing

TICKS_PER_QUARTER = 480
TICKS_PER_STEP = TICKS_PER_QUARTER // STEPS_PER_QUARTER

# Soprano to bass: the outer voices are a little louder; 64 is mezzo forte.
VELOCITIES = (88, 74, 74, 82)
PERCUSSION_CHANNEL = 9  # counted from 0, by General MIDI

_MOST_STEPS = 100_000  # an hour and a half; longer files are damaged

# === Writing ===


def write_midi(
    chorale: Chorale, path: Path | str, *, instrument: str = "choir"
) -> None:
    """Write a format 1 file: a conductor track, then a track per voice.

    Fermatas are markers and slow the tempo map; notes keep their ticks. Text is UTF-8.
    The instrument, a name in `chorale.music.voices.INSTRUMENTS`, sets the programs.

    Raises:
        UsageError: there is no such instrument.
        OutputError: the file cannot be written.
    """
    check_choice("an instrument", instrument, INSTRUMENTS)
    programs = INSTRUMENTS[instrument]
    tracks = [
        _track(midi_meta.conductor_events(chorale), chorale.steps),
        *(_voice_track(chorale, voice, programs[voice]) for voice in range(VOICES)),
    ]
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_QUARTER, tracks=tracks)
    with replacing(path) as temporary:
        file.save(temporary)


def _voice_track(chorale: Chorale, voice: int, program: int) -> mido.MidiTrack:
    name = VOICE_NAMES[voice].capitalize()
    events = [
        (0, mido.MetaMessage("track_name", name=name)),
        (0, mido.Message("program_change", channel=voice, program=program)),
    ]
    for note in chorale.notes(voice):
        on = {"channel": voice, "note": note.pitch, "velocity": VELOCITIES[voice]}
        events += [
            (note.start, mido.Message("note_on", **on)),
            (note.end, mido.Message("note_off", **on | {"velocity": 0})),
        ]
    return _track(events, chorale.steps)


def _track(events: Iterable[tuple[int, Any]], steps: int) -> mido.MidiTrack:
    """Return a track of messages at steps, which ends with the piece."""
    track = mido.MidiTrack()
    last = 0
    # The sort is stable: a note ends before the next one begins at the same step.
    ordered = sorted(events, key=lambda event: event[0])
    for step, message in [*ordered, (steps, mido.MetaMessage("end_of_track"))]:
        track.append(message.copy(time=(step - last) * TICKS_PER_STEP))
        last = step
    return track


# === Reading ===


@dataclass(kw_only=True)
class _Track:
    """The content of one track, without percussion; times are fractional steps."""

    name: str = ""
    channels: dict[int, list[PerformedNote]] = field(
        default_factory=lambda: defaultdict(list)
    )
    metas: list[tuple[float, mido.MetaMessage]] = field(default_factory=list)
    end: float = 0.0


def read_midi(
    path: Path | str, voice: int | None = None, options: ReadingOptions | None = None
) -> Reading:
    """Read a MIDI file of four voices, or one voice of it, the others silent.

    Files of `write_midi` are read back exactly. In other files the voices are the
    tracks named after them, or the four tracks or channels that have notes, in the
    order of their mean pitch, or chords of two notes on two tracks or of four notes on
    one. If a voice is given and only one track or channel has notes, it is that voice.
    Notes move to the nearest sixteenth; percussion is left out; a shorter first bar
    with its own time signature is a pickup.

    Returns:
        The chorale, its key as `decide_key` has it, without a key if the file has no
        key signature at the beginning; the number of notes that begin between two
        sixteenths; no spelling.

    Raises:
        DataError: the file cannot be read, or does not hold the voices.
    """
    path = Path(path)
    try:
        file = mido.MidiFile(path)
    except Exception as error:  # mido raises any exception for damaged files
        reason = str(error) or "it ends too early"
        raise DataError(
            f"expected a MIDI file, cannot read it: {reason}", path
        ) from error
    with located(path):
        if file.ticks_per_beat <= 0 or file.type == 2:
            raise DataError(
                "expected a MIDI file of format 0 or 1 with ticks per quarter note"
            )
        reading = _convert(file, voice, options or ReadingOptions())
    return reading._replace(chorale=replace(reading.chorale, source=path.stem))


def _read_track(track: mido.MidiTrack, ticks_per_step: float) -> _Track:
    content = _Track()
    tick = 0
    sounding: dict[tuple[int, int], list[float]] = defaultdict(list)

    def end_note(channel: int, pitch: int, end: float) -> None:
        start = sounding[channel, pitch].pop(0)
        note = PerformedNote(pitch=pitch, start=start, end=end)
        content.channels[channel].append(note)

    for message in track:
        tick += message.time
        step = tick / ticks_per_step
        if message.is_meta:
            content.metas.append((step, message))
            if message.type == "track_name" and not content.name:
                content.name = midi_meta.from_latin1(message.name).strip()
        elif message.type == "note_on" and message.velocity:
            sounding[message.channel, message.note].append(step)
        elif (
            message.type in ("note_on", "note_off")
            and sounding[message.channel, message.note]
        ):
            end_note(message.channel, message.note, step)
    content.end = tick / ticks_per_step
    # An unterminated note sounds to the end of its track.
    for (channel, pitch), starts in sounding.items():
        for _ in list(starts):
            end_note(channel, pitch, content.end)
    if content.end > _MOST_STEPS:
        raise DataError(
            f"expected a piece of at most {_MOST_STEPS} sixteenths, "
            f"got {content.end:.0f}"
        )
    content.channels.pop(PERCUSSION_CHANNEL, None)
    return content


def _convert(
    file: mido.MidiFile, voice: int | None, options: ReadingOptions
) -> Reading:
    ticks_per_step = file.ticks_per_beat / STEPS_PER_QUARTER
    tracks = [_read_track(track, ticks_per_step) for track in file.tracks]
    voices = _four_voices(tracks) if voice is None else _one_voice(tracks, voice)
    lines = [quantize(voice) for voice in voices]
    metas = [meta for track in tracks for meta in track.metas]
    end = max(note.end for line in lines for note in line)
    metres, bars, positions = midi_meta.read_bars(metas, end, tracks[0].end)
    fermatas = np.zeros(len(bars), np.bool_)
    for start, stop in midi_meta.read_fermatas(metas):
        fermatas[start:stop] = True
    # The only track of a format 0 file has the title; in format 1 the first track has
    # it, unless it is one of the voices.
    has_title = file.type == 0 or not tracks[0].channels
    chorale = Chorale.from_notes(
        lines,
        len(bars),
        fermatas=fermatas,
        bars=bars,
        positions=positions,
        metres=metres,
        tempo=midi_meta.read_tempo(metas, under_fermata=bool(fermatas[0])),
        title=tracks[0].name if has_title else "",
    )
    key, notes = options.key_of(midi_meta.read_key(metas), chorale.pitches)
    return Reading(
        replace(chorale, key=key),
        off_grid=sum(map(count_off_grid, voices)),
        metre_assumed=all(meta.type != "time_signature" for _, meta in metas),
        notes=notes,
    )


def _channels(tracks: Sequence[_Track]) -> list[list[PerformedNote]]:
    """Return the notes of each channel of each track."""
    return [notes for track in tracks for _, notes in sorted(track.channels.items())]


def _four_voices(tracks: Sequence[_Track]) -> list[list[PerformedNote]]:
    """Return the notes of the four voices, soprano first."""
    order = match_voice_names([track.name for track in tracks])
    if order is not None:
        voices = [list(chain(*tracks[index].channels.values())) for index in order]
        if any(voices):
            return voices
    return separate_voices(_channels(tracks))


def _one_voice(tracks: Sequence[_Track], voice: int) -> list[list[PerformedNote]]:
    """Return the notes of one voice, the lists of the others empty, soprano first."""
    groups, name = _channels(tracks), VOICE_NAMES[voice]
    if not groups:
        raise DataError("expected a melody, got no notes (percussion aside)")
    try:
        line = groups[0] if len(groups) == 1 else _four_voices(tracks)[voice]
        quantize(line)
    except DataError as error:
        if len(groups) > 1:
            raise DataError(
                f"expected one line, or four voices of which to take the {name}, got "
                f"notes on {len(groups)} tracks or channels: keep the one with the "
                "melody"
            ) from None
        try:  # chords of four notes on the only channel
            line = separate_voices(groups)[voice]
        except DataError:
            raise error from None
    if not line:
        raise DataError(f"the {name} is silent throughout")
    return [line if index == voice else [] for index in range(VOICES)]
