"""ABC notation, read into a written score.

The reader follows the standard 2.1 of abcnotation.com. An accidental holds to the
barline in its own octave, as on paper. Repeats are marked, not played out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from chorale.errors import DataError, located
from chorale.formats.abc.bars import (
    align_voices,
    cut_hidden_end,
    say_short_bars,
    written_bars,
)
from chorale.formats.abc.events import Event, bounds_of, length_of
from chorale.formats.abc.fields import VoiceProperties
from chorale.formats.abc.remarks import Remarks, Spot
from chorale.formats.abc.text import Tune, decode, select_tune, split_tunes
from chorale.formats.abc.tunes import TuneReader
from chorale.formats.abc.voices import VoiceReader
from chorale.formats.limits import ABC_BYTES
from chorale.formats.reading import Reading, ReadingOptions
from chorale.formats.scores.assembly import read_score
from chorale.formats.scores.notes import ScoreNote, Syllable
from chorale.formats.scores.written_score import Line, Staff, WrittenBar, WrittenScore
from chorale.music.voices import VOICES
from chorale.utils.files import read_file


def read_tune(
    path: Path | str, voice: int | None = None, options: ReadingOptions | None = None
) -> Reading:
    """Read a tune on the grid, see `scores.assembly.read_score`.

    Raises:
        DataError: as `read_abc`, or the tune does not hold the voices.
    """
    number = options.tune if options else None
    return read_score(path, lambda file: read_abc(file, number), voice, options)


def read_abc(path: Path, tune: int | None = None) -> WrittenScore:
    """Read a tune of a file in ABC notation.

    Args:
        path: the file. Its text is read as ABC, whatever it is.
        tune: the number of the tune, its X: field, in a book of tunes.

    Returns:
        The score, a staff for each voice. Grace notes are left out; `notes` says so.

    Raises:
        DataError: the file cannot be read, it is a book and no number is given, no tune
            or more than one has the number, or the tune is damaged.
    """
    raw = read_file(path, ABC_BYTES, "a file of ABC")
    with located(path):
        if not raw.strip():
            raise DataError("expected a score, it is empty")
        return score_of(select_tune(split_tunes(decode(raw)), tune))


def score_of(tune: Tune) -> WrittenScore:
    """Return the score of a tune.

    Raises:
        DataError: the tune is damaged, or has no notes.
    """
    reader = TuneReader()
    voices = reader.read(tune)
    if not voices:
        hint = f": {tune.lost}" if tune.lost else ""
        raise DataError(f"expected a tune, got no notes{hint}")
    properties = {voice.name: reader.finish(voice) for voice in voices}
    if len(voices) == 1 and _most_layers(voices[0]) < VOICES:
        _leave_overlays_out(voices[0], reader.remarks)
    align_voices(voices, reader.remarks)
    cut_hidden_end(voices)
    bars = written_bars(voices)
    if reader.is_own and bars[0].key is not None:
        bars[0] = replace(bars[0], key=replace(bars[0].key, certain=True))
    say_short_bars(voices, bars, reader.remarks)
    staves = [
        _staff(together, properties[together[0].name], bars)
        for together in _by_staff(voices, reader.staves, properties)
    ]
    return WrittenScore(
        bars=bars,
        staves=staves,
        title=reader.title,
        composer=reader.composer,
        notes=(*tune.notes, *reader.remarks.sentences([bar.number for bar in bars])),
    )


# === Staves ===


def _by_staff(
    voices: Sequence[VoiceReader],
    staves: Sequence[Sequence[str]],
    properties: Mapping[str, VoiceProperties],
) -> list[list[VoiceReader]]:
    """Return voices by staff: those that share the name of the first, others alone.

    `staves` has the names of the voices that %%score puts on each staff. Those that
    have names are parts of their own.
    """
    found = {voice.name: voice for voice in voices}
    together = []
    for names in staves or [[voice.name] for voice in voices]:
        staff = [found.pop(name) for name in names if name in found]
        named = [bool(properties[voice.name].name) for voice in staff]
        if named[:1] == [True] and not any(named[1:]):
            together.append(staff)
        else:
            together += [[voice] for voice in staff]
    return together


def _staff(
    voices: Sequence[VoiceReader], own: VoiceProperties, bars: Sequence[WrittenBar]
) -> Staff:
    """Return the staff of one or more voices; `own` are the properties of the first."""
    return Staff(
        name=own.name,
        abbreviation=own.abbreviation,
        clef=own.clef,
        percussion=bars[0].number if own.percussion else None,
        bars=[
            [
                _line(layer, written.number)
                for voice in voices
                for layer in voice.bars[index].layers
            ]
            for index, written in enumerate(bars)
        ],
        is_ordered=len(voices) > 1,
    )


# === Bars ===


def _most_layers(voice: VoiceReader) -> int:
    return max(len(bar.layers) for bar in voice.bars)


def _leave_overlays_out(voice: VoiceReader, remarks: Remarks) -> None:
    """Keep the first of several voices in each bar: the melody."""
    for index, bar in enumerate(voice.bars):
        if len(bar.layers) > 1:
            bar.layers = bar.layers[:1]
            bar.length = length_of(bar.layers[0]) or bar.length
            remarks.add("voices that begin with & are left out", Spot(index))


def _line(events: Sequence[Event], bar: int) -> Line:
    """Return the notes of a voice in a bar."""
    line: Line = []
    for event, (start, end) in zip(events, pairwise(bounds_of(events)), strict=True):
        pitches = event.pitches
        if len(pitches) > 1:
            pitches = sorted(pitches, key=lambda pitch: (-pitch.pitch, -pitch.number))
        line.append(
            ScoreNote(
                pitches=tuple([pitch.pitch for pitch in pitches]),
                tied=tuple([pitch.tied for pitch in pitches]),
                start=start,
                end=end,
                fermata=event.fermata,
                bar=bar,
                spelling=tuple([pitch.number for pitch in pitches]),
                syllables=tuple(
                    [
                        Syllable(text=text, verse=verse, joined=joined)
                        for verse, text, joined in event.syllables
                    ]
                ),
            )
        )
    return line
