"""From a piece to its harmonic analysis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chorale.errors import DataError
from chorale.music.harmony import cadences, chords, form, local_keys, non_chord_tones
from chorale.music.harmony.analysis import Analysis, Cadence, Harmony, Phrase
from chorale.music.harmony.degrees import MODES
from chorale.music.harmony.grid import Grid, arrival
from chorale.music.harmony.harmonies import (
    Segment,
    harmonies_of,
    keys_near_home,
    segments_of,
)
from chorale.music.harmony.suspended_fourths import settle_fourths
from chorale.music.keys import Key, estimate_key
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, SOPRANO
from chorale.utils.arrays import IntArray

_FEWEST_VOICES = 2  # that make a harmony


def analyze(chorale: Chorale, spelling: IntArray | None = None) -> Analysis:
    """Analyze the harmony of a piece.

    Where fewer than two voices sound there is no harmony.

    Args:
        chorale: the piece; voices may rest.
        spelling: int array (steps, 4), the diatonic number of each note, from
            `chorale.formats.files.read_spelled`: it tells augmented sixths from minor
            sevenths. None: what follows decides.

    Raises:
        DataError: the spelling has another shape than the pitches.
    """
    if spelling is not None and spelling.shape != chorale.pitches.shape:
        raise DataError(
            f"expected a spelling of shape {chorale.pitches.shape}, "
            f"got {spelling.shape}"
        )
    home = chorale.key or estimate_key(chorale.pitches)
    grid = Grid.of(chorale)
    notes = non_chord_tones.figures(chorale, grid)
    # In pitch classes above the home tonic, so that transposing changes no decision.
    tonic = home.tonic_class
    sounding = np.roll(chords.presence(chorale, grid), -tonic, axis=1)
    foreign = non_chord_tones.foreign_costs(notes, grid, chorale.steps)
    bass = (chords.basses(chorale, grid) - tonic) % 12
    fit = chords.fit_costs(sounding, np.roll(foreign, -tonic, axis=1), bass, grid)
    path = local_keys.decode(fit, sounding, grid, MODES.index(home.mode) * 12)
    path = local_keys.settle_roots(path, grid)
    path = settle_fourths(path, bass, sounding, grid)
    path = local_keys.keep_sevenths(path, bass, grid)
    silent = np.maximum.reduceat((chorale.pitches != SILENCE).sum(axis=1), grid.starts)
    silent = silent < _FEWEST_VOICES
    segments = segments_of(path, bass, sounding, grid, silent)
    harmonies = harmonies_of(chorale, grid, segments, home, spelling)
    tones = non_chord_tones.find(notes, grid, path.chords, tonic, silent)
    starts = np.array([harmony.start for harmony in harmonies])
    bounds = np.searchsorted(starts, grid.phrases).tolist()
    repeated = form.repetitions(chorale, grid)
    letters = form.letters(repeated)
    return Analysis(
        key=home,
        harmonies=tuple(harmonies),
        non_chord_tones=tuple(tones),
        phrases=tuple(
            Phrase(
                start=start,
                end=end,
                cadence=_cadence(
                    chorale, segments, harmonies, range(*chosen), start, end, home
                ),
                letter=letters[index],
                repeats=repeated[index],
            )
            for index, ((start, end), chosen) in enumerate(
                zip(grid.phrases.tolist(), bounds, strict=True)
            )
        ),
        stollen=form.bar_form(letters),
        steps=chorale.steps,
    )


def _cadence(
    chorale: Chorale,
    segments: Sequence[Segment],
    harmonies: Sequence[Harmony],
    inside: Sequence[int],
    start: int,
    end: int,
    home: Key,
) -> Cadence | None:
    """Return how a phrase from one step to another ends; None in silence.

    The piece ends on its last chord, another phrase on the longest under its fermata,
    or under the last note of its soprano, since the bass may already move on. `inside`
    are the indices of the harmonies of the phrase.
    """
    if not inside:
        return None
    arrives = arrival(chorale, start, end)
    last = inside[-1]
    if end < chorale.steps:
        last = max(
            inside,
            key=lambda index: (
                harmonies[index].end - max(harmonies[index].start, arrives)
            ),
        )
    before = cadences.approach(harmonies[inside[0] : last + 1])
    if before is not None:
        before += inside[0]
    soprano = int(chorale.pitches[harmonies[last].end - 1, SOPRANO])
    relative = -1 if soprano == SILENCE else (soprano - home.tonic_class) % 12
    named = [last] if before is None else [before, last]
    kind, key = cadences.cadence(
        segments[last].chord,
        None if before is None else segments[before].chord,
        segments[last].key,
        relative,
        lacks_third=cadences.lacks_third(chorale, harmonies[last]),
    )
    return Cadence(
        step=harmonies[last].start,
        kind=kind,
        key=keys_near_home(home)[key],
        numerals=tuple(harmonies[index].numeral for index in named),
        soprano="" if relative < 0 else cadences.degree_name(relative, key),
    )
