"""Completion: the notes that are not given, and voices for a melody.

Models of both kinds can do it. A next-step model samples from the beginning to the end
with a particle filter (`chorale.sampling.generate`); an infiller samples all steps in
several rounds (`chorale.sampling.gibbs`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chorale.errors import UsageError
from chorale.models.guidance import KEY_FEATURE
from chorale.models.infiller import Infiller
from chorale.models.predictor import Predictor
from chorale.music.credits import harmonization_credit
from chorale.music.melody import Melody, fill_rests, fit_range
from chorale.music.metre import STEPS_PER_QUARTER
from chorale.music.score import Chorale
from chorale.music.voices import HIGHEST_PITCH, LOWEST_PITCH, SOPRANO
from chorale.sampling.chord_plan.planning import with_planned_chords
from chorale.sampling.compound_metre import in_simple_metre
from chorale.sampling.fragments import Fragment, with_voice
from chorale.sampling.generate import complete
from chorale.sampling.gibbs import InfillingOptions, infill
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.note_costs import foreign_classes
from chorale.utils.progress import Progress

Model = Predictor[Any] | Infiller
Options = SamplingOptions | InfillingOptions

# Harmonizations drawn for each one that is kept, unless options say otherwise. Of
# eleven melodies drawn twelve times each, the best of six ended on an authentic cadence
# in 91 %, the best of two in 76 % and with a third more faults.
MELODY_DRAFTS = 6

# Factor of the temperature for folk songs. Language models, asked to
# grade as strict teachers and not knowing the temperatures, gave 13 folk songs of two
# random states (means of four readings or more, which differ by up to 0.3) 3.1 of 5 at
# 0.8, 3.3 at 0.55 to 0.6 and at 0.4, chorales by Bach among them 4.1. At 0.4 faults are
# 1.4 times as many. Under Bach's sopranos a low temperature is too plain: AUC .87 at
# 0.4 instead of .81.
_FOLK_SONG = 0.7
# Least share of quarters among the notes of a hymn: of 310 sopranos of Bach's, in train
# and valid, four with fermatas have less.
_QUARTERS = 1 / 3
_STREAM = 2**32  # of the random numbers of planned chords


def fill_in(
    model: Model,
    fragments: Sequence[Fragment],
    options: Options | None = None,
    *,
    drafts: int = 1,
    first: int = 0,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write the notes that are not given in each fragment, by a model of either kind.

    Args:
        model: a predictor or an infiller.
        fragments: the pieces and their given notes.
        options: of the model's kind; None for its defaults.
        drafts: see `complete`; those of an infiller do not depend on each other.
        first, progress: see `complete` and `infill`.

    Raises:
        UsageError: options of the other kind of model, or as `complete` and `infill`.
        DataError: a given note is outside the model's vocabulary.
    """
    options = options or default_options(model)
    if isinstance(model, Infiller):
        if isinstance(options, InfillingOptions):
            return infill(model, fragments, options, first=first, progress=progress)
    elif isinstance(options, SamplingOptions):
        return complete(
            model, fragments, options, drafts=drafts, first=first, progress=progress
        )
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
    drafts: int = 1,
    progress: Progress | None = None,
) -> list[Chorale]:
    """Write the other three voices of a melody.

    A melody that leaves the range of its voice is transposed by a few semitones for the
    model, and so are the ranges of the other voices; the results are in the melody's
    own key. Where the melody rests, the model reads its last note as held. A melody in
    compound metre is read in simple metre, see `chorale.sampling.compound_metre`; what
    is foreign to a mode other than major and minor is drawn less often, see
    `chorale.sampling.note_costs`. A next-step model with a critic mostly repeats the
    voices of first phrases that the melody repeats. For a folk song, see
    `is_folk_song`, a next-step model takes a lower temperature, and for a soprano
    follows a plan of chords, see `chorale.sampling.chord_plan`.

    Args:
        model: a predictor or an infiller.
        melody: stays unchanged, note for note.
        options: of the model's kind; None for its defaults.
        variations: number of chorales; the first of four equals the only one of one.
        drafts: number of consecutive variations that are drafts of one piece, see
            `chorale.sampling.generate.complete`.
        progress: see `fill_in`.

    Raises:
        UsageError: fewer than one variation, or no multiple of the drafts; a range
            without a note of the vocabulary, or options of the other kind of model.
        DataError: a note of the melody is outside the model's vocabulary.
    """
    options = options or default_options(model)
    ranges = options.ranges or model.vocabulary.ranges
    semitones = semitones_into_range(melody, ranges[melody.voice])
    moved = fill_rests(melody).transpose(semitones)
    simple = in_simple_metre(moved)
    written = simple.chorale if simple else moved
    options = replace(options, ranges=_transposed(ranges, semitones))
    if isinstance(options, SamplingOptions) and written.key is not None:
        options = replace(
            options,
            usual_ranges=_transposed(options.usual_ranges, semitones),
            foreign=foreign_classes(written.key, written.pitches[:, melody.voice]),
        )
    fragments = _repeated(with_voice(written, melody.voice), variations)
    if isinstance(options, SamplingOptions):
        options = replace(options, temperature=temperature_for(melody, options))
        if plans_chords(melody) and drafts > 0:  # else `complete` refuses them
            fragments = _with_chords(model, fragments, options, drafts)
    drawn = fill_in(
        model,
        fragments,
        options,
        drafts=drafts,
        progress=progress,
    )
    if simple:
        drawn = [simple.restored(piece) for piece in drawn]
    return [_with_melody(piece.transpose(-semitones), melody) for piece in drawn]


def temperature_for(melody: Melody, options: SamplingOptions) -> float:
    """Return the temperature that `harmonize` takes for a melody."""
    factor = _FOLK_SONG if is_folk_song(melody) else 1.0
    return options.temperature * factor


def is_folk_song(melody: Melody) -> bool:
    """Return whether `harmonize` takes a melody for a folk song.

    It has no fermatas, or it does not move in quarters as hymns do.
    """
    lengths = [note.length for note in melody.chorale.notes(melody.voice)]
    quarters = lengths.count(STEPS_PER_QUARTER) / len(lengths)
    return not melody.has_fermatas or quarters < _QUARTERS


def plans_chords(melody: Melody) -> bool:
    """Return whether `harmonize` plans chords: for the soprano of a folk song."""
    is_soprano = melody.voice == SOPRANO
    return is_soprano and is_folk_song(melody) and melody.chorale.key is not None


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


def _repeated(fragment: Fragment, variations: int) -> list[Fragment]:
    if variations < 1:
        raise UsageError(f"expected at least 1 variation, got {variations}")
    return [fragment] * variations


def _with_chords(
    model: Model, fragments: Sequence[Fragment], options: SamplingOptions, drafts: int
) -> list[Fragment]:
    """Return drafts of pieces with planned chords, those of one piece with the same.

    The first piece has the likeliest chords.
    """
    are_keys_known = KEY_FEATURE in model.plan_features
    planned = [
        with_planned_chords(
            fragment,
            _stream(options, number) if number else None,
            foreign=options.foreign,
            are_keys_known=are_keys_known,
        )
        for number, fragment in enumerate(fragments[::drafts])
    ]
    return [planned[number // drafts] for number in range(len(fragments))]


def _stream(options: SamplingOptions, number: int) -> np.random.SeedSequence:
    """Return the random numbers of the chords of a piece."""
    return np.random.SeedSequence(options.random_state, spawn_key=(number, _STREAM))


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
