"""Completion: voices for a melody, and other notes for a passage of a piece.

Models of both kinds can do it. A next-step model samples from the beginning to the end
with a particle filter (`chorale.sampling.generate`); an infiller samples all steps in
several rounds (`chorale.sampling.gibbs`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chorale.errors import UsageError
from chorale.models.infiller import Infiller
from chorale.models.predictor import Predictor
from chorale.music.credits import harmonization_credit, rewriting_credit
from chorale.music.melody import Melody, fill_rests, fit_range
from chorale.music.score import Chorale
from chorale.music.voices import HIGHEST_PITCH, LOWEST_PITCH, SILENCE, VOICES
from chorale.sampling.fragments import Fragment, with_voice
from chorale.sampling.generate import complete
from chorale.sampling.gibbs import InfillingOptions, infill
from chorale.sampling.next_step import SamplingOptions
from chorale.utils.arrays import BoolArray
from chorale.utils.progress import Progress

Model = Predictor[Any] | Infiller
Options = SamplingOptions | InfillingOptions

# Particles of a passage: more than of a melody, as it is short and has to fit the notes
# after it.
PASSAGE_PARTICLES = 32
_MOST_BARS = 100_000  # a larger number is a typo, and its range would fill the memory


def fill_in(
    model: Model,
    fragments: Sequence[Fragment],
    options: Options | None = None,
    *,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write the notes that are not given in each fragment, by a model of either kind.

    Args:
        model: a predictor or an infiller.
        fragments: the pieces and their given notes.
        options: of the model's kind; None for its defaults.
        progress: see `complete` and `infill`.

    Raises:
        UsageError: options of the other kind of model, or as `complete` and `infill`.
        DataError: a given note is outside the model's vocabulary.
    """
    options = options or default_options(model)
    if isinstance(model, Infiller):
        if isinstance(options, InfillingOptions):
            return infill(model, fragments, options, progress=progress)
    elif isinstance(options, SamplingOptions):
        return complete(model, fragments, options, progress=progress)
    raise UsageError(
        f"expected {type(default_options(model)).__name__} for this kind of model, "
        f"got {type(options).__name__}"
    )


def default_options(model: Model) -> Options:
    """Return the default options of the model's kind."""
    return InfillingOptions() if isinstance(model, Infiller) else SamplingOptions()


def harmonize(
    model: Model,
    melody: Melody,
    options: Options | None = None,
    *,
    variations: int = 1,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write the other three voices of a melody.

    A melody that leaves the range of its voice is transposed by a few semitones for the
    model, and so are the ranges of the other voices; the results are in the melody's
    own key. Where the melody rests, the model reads its last note as held.

    Args:
        model: a predictor or an infiller.
        melody: stays unchanged, note for note.
        options: of the model's kind; None for its defaults.
        variations: number of chorales; the first of four equals the only one of one.
        progress: see `fill_in`.

    Raises:
        UsageError: fewer than one variation, a range without a note of the vocabulary,
            or options of the other kind of model.
        DataError: a note of the melody is outside the model's vocabulary.
    """
    options = options or default_options(model)
    ranges = options.ranges or model.vocabulary.ranges
    semitones = semitones_into_range(melody, ranges[melody.voice])
    moved = fill_rests(melody).transpose(semitones)
    drawn = fill_in(
        model,
        _repeated(with_voice(moved, melody.voice), variations),
        replace(options, ranges=_transposed(ranges, semitones)),
        progress=progress,
    )
    return [_with_melody(piece.transpose(-semitones), melody) for piece in drawn]


def semitones_into_range(melody: Melody, voice_range: tuple[int, int]) -> int:
    """Return the transposition by which `harmonize` moves a melody for the model.

    Args:
        melody: the melody.
        voice_range: lowest and highest MIDI note of its voice.
    """
    line = melody.chorale.pitches[:, melody.voice]
    octaves, semitones = fit_range(line, voice_range)
    # A melody in another octave is taken to be in that octave on purpose.
    return 0 if octaves else semitones


def rewrite(
    model: Model,
    chorale: Chorale,
    options: Options | None = None,
    *,
    bars: Collection[int] | None = None,
    voices: Collection[int] | None = None,
    keep: BoolArray | None = None,
    variations: int = 1,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Rewrite a passage; all other notes stay unchanged.

    A note held beyond the end of the passage is kept from its onset; one held into the
    passage is kept up to its beginning.

    Args:
        model: a predictor or an infiller.
        chorale: the piece.
        options: of the model's kind; None for its defaults. Unless they name the number
            of particles, it is PASSAGE_PARTICLES.
        bars: numbers of bars, a pickup being 0; None for all.
        voices: indices of voices; None for all.
        keep: bool array (steps, 4), cells within these bars and voices that stay
            unchanged too, so that a passage may have any form; None for none.
        variations: number of chorales; the first of four equals the only one of one.
        progress: see `fill_in`.

    Raises:
        UsageError: fewer than one variation, no such bar or voice, a passage that is
            the whole piece or has no note to write, `keep` of another shape, a range
            without a note of the vocabulary, or options of the other kind of model.
        DataError: a note that is kept is outside the model's vocabulary.
    """
    passage = _passage(chorale, bars, voices)
    if keep is not None:
        if np.shape(keep) != passage.shape:
            raise UsageError(
                f"expected keep of shape {passage.shape}, got {np.shape(keep)}"
            )
        passage &= ~np.asarray(keep, np.bool_)
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
    given = replace(chorale, credit=rewriting_credit(chorale))
    fragments = _repeated(Fragment(given, ~passage), variations)
    kept = fragments[0].given
    written = fill_in(model, fragments, options, progress=progress)
    return [_with_ends(piece, chorale, kept) for piece in written]


def _with_ends(piece: Chorale, original: Chorale, kept: BoolArray) -> Chorale:
    """Return a rewritten piece in which no kept note lasts longer than before.

    Where a kept note ended and the model holds it, it is struck again.

    Args:
        piece: the rewritten piece.
        original: the piece before.
        kept: bool array (steps, 4), the cells that stayed unchanged.
    """
    held = (original.pitches != SILENCE) & ~original.onsets
    ended = np.zeros_like(kept)
    ended[1:] = kept[:-1] & ~kept[1:] & ~held[1:]
    return replace(piece, onsets=piece.onsets | (ended & (piece.pitches != SILENCE)))


def _passage(
    chorale: Chorale, bars: Collection[int] | None, voices: Collection[int] | None
) -> BoolArray:
    """Return the cells of bars and voices, bool array (steps, 4); see `rewrite`."""
    first, last = int(chorale.bars.min()), int(chorale.bars.max())
    for bar in sorted(bars or ()):
        if not (chorale.bars == bar).any():
            pickup = ", of which 0 is the pickup" if first == 0 else ""
            raise UsageError(f"expected bars from {first} to {last}{pickup}, got {bar}")
    for voice in voices or ():
        if voice not in range(VOICES):
            raise UsageError(f"expected voices from 0 to {VOICES - 1}, got {voice!r}")
    in_bars = np.isin(chorale.bars, list(chorale.bars if bars is None else bars))
    in_voices = np.isin(
        range(VOICES), list(range(VOICES) if voices is None else voices)
    )
    passage: BoolArray = in_bars[:, np.newaxis] & in_voices
    return passage


def parse_bars(text: str) -> list[int]:
    """Return the numbers in bars such as `5-8` or `1,5-8`.

    Raises:
        UsageError: other text.
    """
    bars: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not first <= last < _MOST_BARS:
            raise UsageError(f"expected bars such as 5-8 or 1,5-8, got {text!r}")
        bars += range(first, last + 1)
    return bars


def _repeated(fragment: Fragment, variations: int) -> list[Fragment]:
    if variations < 1:
        raise UsageError(f"expected at least 1 variation, got {variations}")
    return [fragment] * variations


def _transposed(
    ranges: tuple[tuple[int, int], ...], semitones: int
) -> tuple[tuple[int, int], ...]:
    def moved(pitch: int) -> int:
        return min(max(pitch + semitones, LOWEST_PITCH), HIGHEST_PITCH)

    return tuple((moved(low), moved(high)) for low, high in ranges)


def _with_melody(chorale: Chorale, melody: Melody) -> Chorale:
    """Return a chorale with the melody's own notes, rests, fermatas and key."""
    original, voice = melody.chorale, melody.voice
    pitches, onsets = np.array(chorale.pitches), np.array(chorale.onsets)
    pitches[:, voice] = original.pitches[:, voice]
    onsets[:, voice] = original.onsets[:, voice]
    return replace(
        chorale,
        pitches=pitches,
        onsets=onsets,
        fermatas=original.fermatas,
        key=original.key,
        credit=harmonization_credit(original),
    )
