"""Writes MIDI files: a conductor track and four voice tracks; ticks are whole steps."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import mido

from chorale.formats.midi.conductor import (
    LYRIC_TEXT,
    conductor_events,
    own_event,
)
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import Chorale
from chorale.music.voices import INSTRUMENTS, VOICE_NAMES, VOICES
from chorale.utils.checks import check_choice
from chorale.utils.files import replacing
from chorale.utils.text import to_ascii

TICKS_PER_QUARTER = 480
TICKS_PER_STEP = TICKS_PER_QUARTER // STEPS_PER_QUARTER

# Soprano to bass: the outer voices are a little louder; 64 is mezzo forte.
VELOCITIES = (88, 74, 74, 82)

_PLAIN_SYLLABLE = re.compile(r"[A-Za-z0-9.,;:!?'()]+")  # the same in every program


def write_midi(
    chorale: Chorale, path: Path | str, *, instrument: str = "choir"
) -> None:
    """Write a format 1 file: a conductor track, then a track per voice.

    Fermatas are markers and slow the tempo map; notes keep their ticks. Text is ASCII;
    what it loses is in events that only this package reads.
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

    Sequencers know no verses. If more is to say, all syllables are in our own events
    as well.
    """
    lyrics = [lyric for lyric in chorale.lyrics if lyric.voice == voice]
    first = min((lyric.verse for lyric in lyrics), default=1)
    is_plain = all(
        lyric.verse == 1 and _PLAIN_SYLLABLE.fullmatch(lyric.text) for lyric in lyrics
    )
    events: dict[int, list[mido.MetaMessage]] = defaultdict(list)
    for lyric in sorted(lyrics):
        text = to_ascii(lyric.text, " -")
        if lyric.verse == first and text:
            hyphen = "-" * lyric.joined
            events[lyric.step].append(mido.MetaMessage("lyrics", text=text + hyphen))
        if not is_plain:
            sign = "-" if lyric.joined else "+"
            kept = LYRIC_TEXT.format(lyric.verse, sign, lyric.text)
            events[lyric.step].append(own_event(kept))
    return events


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
