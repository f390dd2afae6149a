"""Reads MIDI files, those of performances too.

A file is read from its events (`events`), its parts (`tracks`) and meta events (`meta`)
to the voices on the grid (`voices`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from chorale.errors import DataError, located
from chorale.formats.limits import MIDI_BYTES
from chorale.formats.midi import meta
from chorale.formats.midi.events import read_events
from chorale.formats.midi.grid_estimation import estimate_grid
from chorale.formats.midi.lyrics import read_lyrics
from chorale.formats.midi.note_lengths import estimate_gate
from chorale.formats.midi.pickups import on_pickup
from chorale.formats.midi.tracks import Performance, read_parts
from chorale.formats.midi.voices import Bars, Group, parts_to_read, read_voices
from chorale.formats.places import places_in
from chorale.formats.reading import NO_TEMPO, Reading, ReadingOptions
from chorale.music.score import DEFAULT_TEMPO, Chorale, Note
from chorale.utils.files import read_file

_MIDI_TEMPO = 120.0  # of files without a tempo, in quarters per minute


def read_midi(
    path: Path | str, voice: int | None = None, options: ReadingOptions | None = None
) -> Reading:
    """Read a MIDI file of four voices, or one voice of it, the others silent.

    Files of `write_midi` are read back exactly. In other files the voices are tracks or
    channels, see `parts.choice`, or chords on two of them or on one, see
    `voice_separation`. If a voice is given and there is only one track or channel, it
    is that voice. Notes move to the nearest sixteenth, of the tempo that is estimated
    if they lie on no beat of the file; lengths are those that were written, see
    `note_lengths`. Percussion is left out; a shorter first bar with its own time
    signature is a pickup. Others are not guessed, but said, see `pickups`.

    Args:
        path: a MIDI file of format 0 or 1, also in a RIFF file.
        voice: the voice to read, all four if None.
        options: with the numbers of the tracks to read, which count those with notes.

    Returns:
        The chorale, its key undecided; the key signature at the beginning, if there is
        one; the number of notes that begin between two sixteenths; no spelling.

    Raises:
        DataError: the file cannot be read, or does not hold the voices.
    """
    path, options = Path(path), options or ReadingOptions()
    data = read_file(path, MIDI_BYTES, "a MIDI file")
    with located(path):
        performance = read_parts(read_events(data))
        if meta.is_own_file(performance.metas) and performance.is_exact:
            reading = _convert(performance, voice, options, tempo=None)
        else:
            reading = _convert_foreign(performance, voice, options)
    return reading._replace(chorale=replace(reading.chorale, source=path.stem))


def _convert_foreign(
    performance: Performance, voice: int | None, options: ReadingOptions
) -> Reading:
    """Return the reading of a file of another program."""
    starts = [note.start for part in performance.parts for note in part.notes]
    if not starts:
        return _convert(performance, voice, options, tempo=None)
    tempo = meta.read_tempo(performance.metas, min(starts))
    grid = estimate_grid(starts, tempo or _MIDI_TEMPO)
    if grid is not None:
        performance = performance.moved(grid.step)
        performance.remarks.append(grid.remark)
        tempo = grid.tempo or tempo
    if tempo is None:
        tempo = DEFAULT_TEMPO
        if options.tempo is None:
            performance.remarks.append(f"{NO_TEMPO}{tempo:g} quarters per minute")
    reading = _convert(performance, voice, options, tempo=tempo)
    if reading.metre_assumed:  # where its strong beats are is unknown
        return reading
    return reading._replace(notes=(*reading.notes, *on_pickup(reading.chorale)))


def _convert(
    performance: Performance,
    voice: int | None,
    options: ReadingOptions,
    *,
    tempo: float | None,
) -> Reading:
    """Return the reading of a file; the tempo is None for one of our own files."""
    metas = performance.metas
    parts, remarks = parts_to_read(performance.parts, voice, options.parts)
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
    metres, numbers, positions = meta.read_bars(metas, end, performance.end)
    place = places_in(numbers, positions, metres)
    bars = Bars(numbers=numbers, positions=positions, place=place)
    voices = read_voices(groups, voice, bars, gate)
    if not any(voices.lines):
        raise DataError("expected four voices, got no notes of a length")
    end = max(line[-1].end for line in voices.lines if line)
    metres, numbers, positions = meta.read_bars(metas, end, performance.end)
    fermatas = np.zeros(len(numbers), np.bool_)
    for start, stop in meta.read_fermatas(metas):
        fermatas[start:stop] = True
    title = meta.own_title(metas)
    if title is None:
        title = performance.title or meta.karaoke_title(metas)
    first = min(line[0].start for line in voices.lines if line)
    if tempo is None:
        tempo = meta.own_tempo(metas, under_fermata=bool(fermatas[0]))
    else:
        remarks += meta.remarks_on_changes(metas, first, end)
    chorale = Chorale.from_notes(
        voices.lines,
        len(numbers),
        fermatas=fermatas,
        bars=numbers,
        positions=positions,
        metres=metres,
        tempo=tempo,
        title=title,
        credit=meta.own_credit(metas),
    )
    lyrics, on_words = read_lyrics(parts, metas, voice, chorale.onsets)
    signature = meta.read_key(metas, first)
    return Reading(
        replace(chorale, lyrics=lyrics),
        off_grid=len(voices.off_grid),
        first_off_grid=min(voices.off_grid, default=None),
        metre_assumed=not meta.has_metre(metas),
        metre_default=meta.has_default_metre(metas),
        notes=(*performance.remarks, *remarks, *voices.remarks, *on_words),
        signatures=() if signature is None else (signature,),
        first_change=meta.first_change_of_key(metas, first),
    )


def _quantized(groups: Sequence[Group]) -> list[list[Note]]:
    return [[note.quantized for note in group] for group in groups]
