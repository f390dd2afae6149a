"""Completing: voices for a melody, and other notes for a passage of a piece."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from chorale.cell_sampling import InfillingOptions
from chorale.errors import UsageError
from chorale.infillers import Infiller
from chorale.infilling import Fragment, Progress, infill
from chorale.melodies import Melody, fit_range, sung_through
from chorale.score import Chorale
from chorale.voices import HIGHEST_PITCH, LOWEST_PITCH, VOICE_NAMES, VOICES


def harmonize(
    infiller: Infiller,
    melody: Melody,
    options: InfillingOptions | None = None,
    *,
    variations: int = 1,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write the three other voices of a melody.

    A melody that leaves the range of its voice is moved for the model by a few
    semitones, and so are the ranges of the others; what comes back is in the melody's
    own key. While it rests, the others sing on as if its last note sounded.

    Args:
        infiller: the model.
        melody: stays as it is, note for note.
        options: how to draw; None for the defaults.
        variations: how many to write; the first of four is the only one of one.
        progress: see `infill`.

    Raises:
        UsageError: no variation is asked for, or a range has no note that the model
            knows.
        DataError: a note of the melody is outside the model's vocabulary.
    """
    options = options or InfillingOptions()
    ranges = options.ranges or infiller.vocabulary.ranges
    semitones = semitones_into_range(melody, ranges[melody.voice])
    moved = sung_through(melody).transpose(semitones)
    given = np.zeros(moved.pitches.shape, np.bool_)
    given[:, melody.voice] = True
    drawn = _draw(
        infiller,
        Fragment(moved, given),
        replace(options, ranges=_transposed(ranges, semitones)),
        variations,
        progress,
    )
    return [_with_melody(one.transpose(-semitones), melody) for one in drawn]


def semitones_into_range(melody: Melody, span: tuple[int, int]) -> int:
    """Return by how many semitones `harmonize` moves a melody for the model.

    Args:
        span: lowest and highest MIDI note of its voice.
    """
    line = melody.chorale.pitches[:, melody.voice]
    octaves, semitones = fit_range(line, span)
    # Whoever hands over a melody in another octave wants it there.
    return 0 if octaves else semitones


def rewrite(
    infiller: Infiller,
    chorale: Chorale,
    options: InfillingOptions | None = None,
    *,
    bars: Collection[int] | None = None,
    voices: Collection[int] | None = None,
    variations: int = 1,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write a passage anew; all else stays as it is, note for note.

    A note that lasts beyond the end of the passage is kept from its beginning; one that
    lasts into it is kept up to there.

    Args:
        infiller: the model.
        chorale: the piece.
        options: how to draw; None for the defaults.
        bars: numbers of bars, a pickup being 0; None for all.
        voices: which voices; None for all.
        variations: how many to write; the first of four is the only one of one.
        progress: see `infill`.

    Raises:
        UsageError: no variation is asked for, there is no such bar or voice, the
            passage is the whole piece or holds no note to write, or a range has no note
            that the model knows.
        DataError: a note that is kept is outside the model's vocabulary.
    """
    last = int(chorale.bars.max())
    first = int(chorale.bars.min())
    for bar in sorted(bars or ()):
        if not (chorale.bars == bar).any():
            pickup = ", of which 0 is the pickup" if first == 0 else ""
            raise UsageError(f"expected bars from {first} to {last}{pickup}, got {bar}")
    for voice in voices or ():
        if not 0 <= voice < VOICES:
            raise UsageError(f"expected voices from 0 to {VOICES - 1}, got {voice}")
    in_bars = np.isin(chorale.bars, list(chorale.bars if bars is None else bars))
    in_voices = np.isin(
        np.arange(VOICES), list(range(VOICES) if voices is None else voices)
    )
    passage = in_bars[:, np.newaxis] & in_voices
    if passage.all():
        raise UsageError(
            "expected some bars or voices to rewrite, got all, which keeps nothing: "
            "`chorale generate --seed none --plan …` writes new pieces"
        )
    if not passage.any():
        raise UsageError("expected bars and voices to rewrite, got none")
    return _draw(
        infiller,
        Fragment(chorale, ~passage),
        options or InfillingOptions(),
        variations,
        progress,
    )


def voice_named(name: str) -> int:
    """Return the voice of a name.

    Raises:
        UsageError: there is none.
    """
    wanted = name.strip().casefold()
    if wanted not in VOICE_NAMES:
        raise UsageError(
            f"expected a voice out of {', '.join(VOICE_NAMES)}, got {name.strip()!r}"
        )
    return VOICE_NAMES.index(wanted)


def _draw(
    infiller: Infiller,
    fragment: Fragment,
    options: InfillingOptions,
    variations: int,
    progress: Progress | None,
) -> list[Chorale]:
    if variations < 1:
        raise UsageError(f"expected at least 1 variation, got {variations}")
    return infill(infiller, [fragment] * variations, options, progress=progress)


def _transposed(
    ranges: tuple[tuple[int, int], ...], semitones: int
) -> tuple[tuple[int, int], ...]:
    lowest, highest = np.clip(
        np.array(ranges).T + semitones, LOWEST_PITCH, HIGHEST_PITCH
    ).tolist()
    return tuple(zip(lowest, highest, strict=True))


def _with_melody(chorale: Chorale, melody: Melody) -> Chorale:
    """Return a chorale with the melody's own notes, rests and key."""
    pitches, onsets = np.array(chorale.pitches), np.array(chorale.onsets)
    pitches[:, melody.voice] = melody.chorale.pitches[:, melody.voice]
    onsets[:, melody.voice] = melody.chorale.onsets[:, melody.voice]
    return replace(chorale, pitches=pitches, onsets=onsets, key=melody.chorale.key)
