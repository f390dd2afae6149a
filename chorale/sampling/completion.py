"""Completing: voices for a melody, and other notes for a passage of a piece.

Models of both kinds can do it. A next-step model writes from the beginning to the end,
in several drafts that are led by what is given (`chorale.sampling.generate`); an
infiller writes everywhere at once, over and over (`chorale.sampling.gibbs`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chorale.errors import UsageError
from chorale.models.infiller import Infiller
from chorale.models.predictor import Predictor
from chorale.music.melody import Melody, fill_rests, fit_range
from chorale.music.score import Chorale
from chorale.music.voices import HIGHEST_PITCH, LOWEST_PITCH, VOICES
from chorale.sampling.fragments import Fragment, with_voice
from chorale.sampling.generate import complete
from chorale.sampling.gibbs import InfillingOptions, infill
from chorale.sampling.next_step import SamplingOptions
from chorale.utils.progress import Progress

Model = Predictor[Any] | Infiller
Options = SamplingOptions | InfillingOptions

# Drafts of a passage: it is short, and has to fit what comes after it at once.
PASSAGE_PARTICLES = 32


def fill_in(
    model: Model,
    fragments: Sequence[Fragment],
    options: Options | None = None,
    *,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write what is not given of each piece, by a model of either kind.

    Args:
        model: a predictor or an infiller.
        fragments: what is given.
        options: how to draw, of the model's kind; None for its defaults.
        progress: see `complete` and `infill`.

    Raises:
        UsageError: options for models of the other kind, or as `complete` and `infill`.
        DataError: a given note is outside the model's vocabulary.
    """
    options = options or default_options(model)
    if isinstance(model, Infiller):
        if isinstance(options, InfillingOptions):
            return infill(model, fragments, options, progress=progress)
    elif isinstance(options, SamplingOptions):
        return complete(model, fragments, options, progress=progress)
    raise UsageError(
        f"expected {type(default_options(model)).__name__} for such a model, "
        f"got {type(options).__name__}"
    )


def default_options(model: Model) -> Options:
    """Return the options by which a model draws unless others are given."""
    return InfillingOptions() if isinstance(model, Infiller) else SamplingOptions()


def harmonize(
    model: Model,
    melody: Melody,
    options: Options | None = None,
    *,
    variations: int = 1,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write the three other voices of a melody.

    A melody that leaves the range of its voice is moved for the model by a few
    semitones, and so are the ranges of the others; what comes back is in the melody's
    own key. While it rests, the others sing on as if its last note sounded.

    Args:
        model: a predictor or an infiller.
        melody: stays as it is, note for note.
        options: how to draw, of the model's kind; None for its defaults.
        variations: how many to write; the first of four is the only one of one.
        progress: see `fill_in`.

    Raises:
        UsageError: no variation is asked for, a range has no note that the model knows,
            or options for models of the other kind.
        DataError: a note of the melody is outside the model's vocabulary.
    """
    options = options or default_options(model)
    ranges = options.ranges or model.vocabulary.ranges
    semitones = semitones_into_range(melody, ranges[melody.voice])
    moved = fill_rests(melody).transpose(semitones)
    drawn = _draw(
        model,
        with_voice(moved, melody.voice),
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
    model: Model,
    chorale: Chorale,
    options: Options | None = None,
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
        model: a predictor or an infiller.
        chorale: the piece.
        options: how to draw, of the model's kind; None for its defaults. Unless it
            says how many drafts, there are PASSAGE_PARTICLES.
        bars: numbers of bars, a pickup being 0; None for all.
        voices: which voices; None for all.
        variations: how many to write; the first of four is the only one of one.
        progress: see `fill_in`.

    Raises:
        UsageError: no variation is asked for, there is no such bar or voice, the
            passage is the whole piece or holds no note to write, a range has no note
            that the model knows, or options for models of the other kind.
        DataError: a note that is kept is outside the model's vocabulary.
    """
    last = int(chorale.bars.max())
    first = int(chorale.bars.min())
    for bar in sorted(bars or ()):
        if not (chorale.bars == bar).any():
            pickup = ", of which 0 is the pickup" if first == 0 else ""
            raise UsageError(f"expected bars from {first} to {last}{pickup}, got {bar}")
    for voice in voices or ():
        if voice not in range(VOICES):
            raise UsageError(f"expected voices from 0 to {VOICES - 1}, got {voice!r}")
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
    options = options or default_options(model)
    if isinstance(options, SamplingOptions) and options.particles is None:
        options = replace(options, particles=PASSAGE_PARTICLES)
    return _draw(
        model,
        Fragment(chorale, ~passage),
        options,
        variations,
        progress,
    )


def _draw(
    model: Model,
    fragment: Fragment,
    options: Options | None,
    variations: int,
    progress: Progress | None,
) -> list[Chorale]:
    if variations < 1:
        raise UsageError(f"expected at least 1 variation, got {variations}")
    return fill_in(model, [fragment] * variations, options, progress=progress)


def _transposed(
    ranges: tuple[tuple[int, int], ...], semitones: int
) -> tuple[tuple[int, int], ...]:
    lowest, highest = np.clip(
        np.array(ranges).T + semitones, LOWEST_PITCH, HIGHEST_PITCH
    ).tolist()
    return tuple(zip(lowest, highest, strict=True))


def _with_melody(chorale: Chorale, melody: Melody) -> Chorale:
    """Return a chorale with the melody's own notes, rests, fermatas and key."""
    pitches, onsets = np.array(chorale.pitches), np.array(chorale.onsets)
    pitches[:, melody.voice] = melody.chorale.pitches[:, melody.voice]
    onsets[:, melody.voice] = melody.chorale.onsets[:, melody.voice]
    return replace(
        chorale,
        pitches=pitches,
        onsets=onsets,
        fermatas=melody.chorale.fermatas,
        key=melody.chorale.key,
    )
