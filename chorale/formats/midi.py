"""MIDI files: a conductor track and four voice tracks whose ticks are whole steps.

Notes are written here, and a file is read from its events (`midi_events`), its parts
(`midi_tracks`) and meta events (`midi_meta`) to the voices on the grid (`midi_voices`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mido
import numpy as np

from chorale.errors import DataError, located
from chorale.formats import midi_meta
from chorale.formats.grid_estimation import estimate_grid
from chorale.formats.midi_conductor import conductor_events, to_ascii
from chorale.formats.midi_events import MOST_BYTES, read_events
from chorale.formats.midi_lyrics import read_lyrics
from chorale.formats.midi_tracks import Performance, read_parts
from chorale.formats.midi_voices import Bars, Group, choose, separate
from chorale.formats.note_lengths import estimate_gate
from chorale.formats.places import places_in
from chorale.formats.reading import Reading, ReadingOptions
from chorale.music.lyrics import sung
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import DEFAULT_TEMPO, Chorale, Note
from chorale.music.voices import INSTRUMENTS, VOICE_NAMES, VOICES
from chorale.utils.checks import check_choice
from chorale.utils.files import replacing

TICKS_PER_QUARTER = 480
TICKS_PER_STEP = TICKS_PER_QUARTER // STEPS_PER_QUARTER

# Soprano to bass: the outer voices are a little louder; 64 is mezzo forte.
VELOCITIES = (88, 74, 74, 82)

_MIDI_TEMPO = 120.0  # of files without a tempo, in quarters per minute

# === Writing ===


def write_midi(
    chorale: Chorale, path: Path | str, *, instrument: str = "choir"
) -> None:
    """Write a format 1 file: a conductor track, then a track per voice.

    Fermatas are markers and slow the tempo map; notes keep their ticks. Text is ASCII.
    The instrument, a name in `chorale.music.voices.INSTRUMENTS`, sets the programs.

    Raises:
        UsageError: there is no such instrument.
        OutputError: the file cannot be written.
    """
    check_choice("an instrument", instrument, INSTRUMENTS)
    programs = INSTRUMENTS[instrument]
    tracks = [
        _track(conductor_events(chorale), chorale.steps),
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
    syllables = _lyrics(chorale, voice)
    for note in chorale.notes(voice):
        on = {"channel": voice, "note": note.pitch, "velocity": VELOCITIES[voice]}
        events += [
            *((note.start, lyric) for lyric in syllables.get(note.start, ())),
            (note.start, mido.Message("note_on", **on)),
            (note.end, mido.Message("note_off", **on | {"velocity": 0})),
        ]
    return _track(events, chorale.steps)


def _lyrics(chorale: Chorale, voice: int) -> dict[int, list[mido.MetaMessage]]:
    """Return the syllables of the first verse of a voice, by step.

    Sequencers know no verses.
    """
    lyrics = [lyric for lyric in chorale.lyrics if lyric.voice == voice]
    first = min((lyric.verse for lyric in lyrics), default=1)
    return {
        lyric.step: [mido.MetaMessage("lyrics", text=text + "-" * lyric.joined)]
        for lyric in lyrics
        if lyric.verse == first and (text := to_ascii(lyric.text, " -"))
    }


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


def read_midi(
    path: Path | str, voice: int | None = None, options: ReadingOptions | None = None
) -> Reading:
    """Read a MIDI file of four voices, or one voice of it, the others silent.

    Files of `write_midi` are read back exactly. In other files the voices are tracks or
    channels, see `part_choice`, or chords on two of them or on one, see
    `voice_separation`. If a voice is given and there is only one track or channel, it
    is that voice. Notes move to the nearest sixteenth, of the tempo that is estimated
    if they lie on no beat of the file; lengths are those that were written, see
    `note_lengths`. Percussion is left out; a shorter first bar with its own time
    signature is a pickup.

    Args:
        path: a MIDI file of format 0 or 1, also in a RIFF file.
        voice: the voice to read, all four if None.
        options: with the numbers of the tracks to read, which count those with notes.

    Returns:
        The chorale, its key as `decide_key` has it, without a key if the file has no
        key signature at the beginning; the number of notes that begin between two
        sixteenths; no spelling.

    Raises:
        DataError: the file cannot be read, or does not hold the voices.
    """
    path, options = Path(path), options or ReadingOptions()
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise DataError(
            f"expected a MIDI file, cannot read it: {error.strerror}", path
        ) from error
    with located(path):
        performance = read_parts(read_events(data))
        if midi_meta.is_own_file(performance.metas) and performance.is_exact:
            reading = _convert(performance, voice, options)
        else:
            reading = _convert_foreign(performance, voice, options)
    return reading._replace(chorale=replace(reading.chorale, source=path.stem))


def _convert_foreign(
    performance: Performance, voice: int | None, options: ReadingOptions
) -> Reading:
    """Return the reading of a file of another program."""
    starts = [note.start for part in performance.parts for note in part.notes]
    if not starts:
        return _convert(performance, voice, options)
    tempo = midi_meta.read_tempo(performance.metas, min(starts))
    grid = estimate_grid(starts, tempo or _MIDI_TEMPO)
    if grid is not None:
        performance = performance.moved(grid.step)
        performance.remarks.append(grid.remark)
        tempo = grid.tempo or tempo
    return _convert(performance, voice, options, tempo=tempo or DEFAULT_TEMPO)


def _convert(
    performance: Performance,
    voice: int | None,
    options: ReadingOptions,
    *,
    tempo: float | None = None,
) -> Reading:
    """Return the reading of a file; if no tempo is given, of one of our own files."""
    metas = performance.metas
    parts, remarks = choose(performance.parts, voice, options.parts)
    groups: list[Group] = [part.notes for part in parts]
    gate = None if tempo is None else estimate_gate(groups)
    if gate is not None and gate.is_even:
        written: list[Group] = [
            [gate.lengthen(note) for note in group] for group in groups
        ]
        if _quantized(written) != _quantized(groups):
            groups = written
            remarks.append(gate.remark)
    end = max(note.quantized.end for group in groups for note in group)
    metres, numbers, positions = midi_meta.read_bars(metas, end, performance.end)
    place = places_in(numbers, positions, metres)
    bars = Bars(bars=numbers, positions=positions, place=place)
    voices = separate(groups, voice, bars, gate)
    if not any(voices.lines):
        raise DataError("expected four voices, got no notes of a length")
    end = max(line[-1].end for line in voices.lines if line)
    metres, numbers, positions = midi_meta.read_bars(metas, end, performance.end)
    fermatas = np.zeros(len(numbers), np.bool_)
    for start, stop in midi_meta.read_fermatas(metas):
        fermatas[start:stop] = True
    title = midi_meta.own_title(metas)
    first = min(line[0].start for line in voices.lines if line)
    if tempo is None:
        tempo = midi_meta.own_tempo(metas, under_fermata=bool(fermatas[0]))
    else:
        remarks += midi_meta.remarks_on_changes(metas, first, end)
    chorale = Chorale.from_notes(
        voices.lines,
        len(numbers),
        fermatas=fermatas,
        bars=numbers,
        positions=positions,
        metres=metres,
        tempo=tempo,
        title=performance.title if title is None else title,
        credit=midi_meta.own_credit(metas),
    )
    lyrics = sung(read_lyrics(parts, voice), chorale.onsets)
    signature = midi_meta.read_key(metas, first)
    key, on_key = options.key_of(signature, chorale.pitches)
    return Reading(
        replace(chorale, key=key, lyrics=lyrics),
        off_grid=voices.off_grid,
        metre_assumed=not midi_meta.has_metre(metas),
        notes=(*performance.remarks, *remarks, *voices.remarks, *on_key),
    )


def _quantized(groups: Sequence[Group]) -> list[list[Note]]:
    return [[note.quantized for note in group] for group in groups]
