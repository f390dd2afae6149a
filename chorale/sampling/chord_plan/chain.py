"""Chords of a melody, found by a hidden Markov model of Bach's chorales.

The hidden state of a beat is its chord, with its inversion; what is heard is the
melody. How often chords follow one another depends on the place of the beat in its
phrase, so that phrases end on cadences. The likeliest chords are found with the Viterbi
algorithm (Rabiner 1989; for chorales Allan & Williams, "Harmonising Chorales by
Probabilistic Inference", 2005). What Bach does in chorales, but folk songs hardly bear,
costs more: chords foreign to the scale, an opening on another chord than I, phrases
that end neither on I nor on V, and repeated chords. So do weak six-four chords, and
consecutive and direct octaves and fifths of the outer voices.

The counts are in `chain.json`, as `chorale.sampling.chord_plan.fitting` makes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from chorale.music.keys import Key
from chorale.music.voices import SILENCE
from chorale.sampling.chord_plan.beats import (
    ARRIVAL,
    ARRIVALS,
    BEFORE,
    BEGINNING,
    HELD,
    LAST,
    LAST_ARRIVAL,
    PLACES,
    STRONG,
    WEAK,
    Beat,
)
from chorale.sampling.chord_plan.chords import DIMINISHED, Chord, chord_named
from chorale.utils.arrays import Float64Array, IntArray

FILE = Path(__file__).with_suffix(".json")

SCALES = {"major": {0, 2, 4, 5, 7, 9, 11}, "minor": {0, 2, 3, 5, 7, 8, 10, 11}}
# Nats of each tone of a triad, or seventh in the bass, that is foreign to the scale,
# and of a chord with one that the mode of the melody avoids (`foreign_classes` of
# `chorale.sampling.note_costs`).
_CHROMATIC, _FOREIGN = 1.2, 1.5
# Of a first strong beat on another chord than I in root position.
_OPENING = 2.0
# Of a phrase that ends on another chord than I or V in root position; the same on III
# in minor, the relative major; and of a last phrase that does not end on I.
_OPEN, _RELATIVE, _NO_TONIC = 4.0, 2.0, 20.0
# Of a last chord to which the last note of its phrase is foreign.
_FOREIGN_LAST = 3.0
# Of a last chord, but V, that its dominant in root position does not precede, by place.
_NO_DOMINANT = {ARRIVAL: 1.0, LAST_ARRIVAL: 4.0}
# Of a chord that goes on into a strong beat inside a phrase, before the last two beats.
_HELD_OVER = 1.0
# Of a chord in the inversion in which it was on the beat before, in the same phrase,
# but for the last chord that is held.
_REPEATED = 0.5
# Of a six-four chord on a weak beat before a strong one.
_WEAK_SIX_FOUR = 2.0
# Of outer voices that move from octave to octave, or from fifth to fifth; and from
# octave to octave at the end of a phrase, as melodies close from the fifth degree to
# the tonic.
_CONSECUTIVE, _CLOSE = 6.0, 1.0
# Of outer voices that reach an octave or a fifth in similar motion, the soprano by a
# leap and the bass by a step.
_DIRECT = 3.0
_OCTAVE, _FIFTH = 0, 7  # semitones
_RELATIVE_MAJOR = chord_named("bIII")
_SIX_FOUR = 2  # inversion
_STEP = 2  # semitones at most
_NOISE = 0.3  # nats; twice as much leads to far-fetched chords
_UNSEEN = 0.1  # count of notes of a role that are tones of their chord, or are not


@dataclass(frozen=True, kw_only=True)
class ModeCounts:
    """Counts of the chords of pieces in one mode.

    Attributes:
        chords: those that are frequent enough.
        firsts: int array (chords,), pieces that begin with each.
        following: by place of the beat, int array (chords, chords): each after each.
        sung: int array (chords, 12), pitch classes of the melody that are tones of the
            chord, above the tonic of the piece.
    """

    chords: tuple[Chord, ...]
    firsts: IntArray
    following: Mapping[str, IntArray]
    sung: IntArray

    @cached_property
    def log_firsts(self) -> Float64Array:
        """Log-probabilities of first chords, (chords,)."""
        logs: Float64Array = np.log(_shrunk(self.firsts, self._shares, 3.0))
        return logs

    @cached_property
    def log_following(self) -> Mapping[str, Float64Array]:
        """Log-probabilities of a chord after another, (chords, chords), by place."""
        counts = {place: self.following[place] for place in PLACES}
        for last, place in LAST.items():
            counts[place] = counts[place] + counts[last]
        inside = sum(counts[place] for place in (STRONG, WEAK, BEFORE, ARRIVAL))
        general = _shrunk(inside, self._shares, 8.0)
        # How often each chord is at a place, whatever was before.
        at = {
            place: _shrunk(counts[place].sum(axis=0), self._shares, 5.0)
            for place in PLACES
        }
        found = {
            place: _shrunk(counts[place], general, 20.0) for place in (STRONG, WEAK)
        }
        # The last chord of a phrase says little about the first of the next.
        found[BEGINNING] = _shrunk(counts[BEGINNING], at[BEGINNING], 8.0)
        for place in (BEFORE, ARRIVAL, HELD):
            prior = _normalized(general * at[place] / self._shares)
            found[place] = _shrunk(counts[place], prior, 8.0)
        for last, place in LAST.items():
            prior = _normalized(found[place] * at[last] / at[place])
            found[last] = _shrunk(counts[last], prior, 8.0)
        return {place: np.log(chances) for place, chances in found.items()}

    @cached_property
    def _shares(self) -> Float64Array:
        """Shares of the chords in all beats, (chords,)."""
        totals = sum(counts.sum(axis=0) for counts in self.following.values())
        return _normalized(totals + self.firsts + 1.0)


@dataclass(frozen=True, kw_only=True)
class ChordChain:
    """A hidden Markov model of the chords of a melody.

    Attributes:
        modes: by mode of the piece.
        chord_tones: for each of ROLES, how many notes of melodies are tones of their
            chord, and how many there are.
    """

    modes: Mapping[str, ModeCounts]
    chord_tones: Mapping[str, tuple[int, int]]

    def likeliest(
        self,
        beats: Sequence[Beat],
        key: Key,
        *,
        foreign: Sequence[int] = (),
        random: np.random.Generator | None = None,
    ) -> list[Chord]:
        """Return the likeliest chord of each beat of a melody.

        Args:
            beats: of the melody.
            key: of the piece.
            foreign: pitch classes that the mode of the melody avoids.
            random: of numbers that are added to the log-likelihood of each chord in
                each beat, so that others are found; None to add none.
        """
        counts = self.modes[key.mode]
        fits = self._fits(beats, key, foreign)
        if random is not None:
            fits = fits + random.gumbel(scale=_NOISE, size=fits.shape)
        best = counts.log_firsts + fits[0]
        froms = []
        for before, beat, fit in zip(beats, beats[1:], fits[1:], strict=False):
            ways = counts.log_following[beat.place] - _moves(counts, before, beat, key)
            ways = best[:, np.newaxis] + ways
            froms.append(ways.argmax(axis=0))
            best = ways.max(axis=0) + fit
        path = [int(best.argmax())]
        for origins in reversed(froms):
            path.append(int(origins[path[-1]]))
        return [counts.chords[index] for index in reversed(path)]

    def _fits(
        self, beats: Sequence[Beat], key: Key, foreign: Sequence[int]
    ) -> Float64Array:
        """Return how well each chord fits each beat, in nats, (beats, chords)."""
        counts = self.modes[key.mode]
        away = {(tone - key.tonic_class) % 12 for tone in foreign}
        fits = np.zeros((len(beats), len(counts.chords)))
        for column, (chord, sung) in enumerate(
            zip(counts.chords, counts.sung, strict=True)
        ):
            triad = set(chord.triad_tones)
            chromatic = {*triad, chord.bass} - SCALES[key.mode]
            fits[:, column] -= _CHROMATIC * len(chromatic)
            fits[:, column] -= _FOREIGN * bool(triad & away)
            tones = set(chord.tones)
            for row, beat in enumerate(beats):
                for note in beat.notes:
                    degree = (note.pitch - key.tonic_class) % 12
                    in_chord = degree in tones
                    share = self._share(note.role)
                    fits[row, column] += np.log(
                        share * (sung[degree] + 1) / (sung.sum() + len(tones))
                        if in_chord
                        else (1 - share) / (12 - len(tones))
                    )
                fits[row, column] -= _ending_cost(beat, chord, key)
        opening = next((row for row, beat in enumerate(beats) if beat.is_strong), 0)
        fits[opening] -= [
            0.0 if _is_tonic(chord) else _OPENING for chord in counts.chords
        ]
        return fits

    def _share(self, role: str) -> float:
        """Return the share of notes of a role that are tones of their chord."""
        tones, notes = self.chord_tones[role]
        return (tones + _UNSEEN) / (notes + 2 * _UNSEEN)

    def to_json(self) -> dict[str, Any]:
        """Return plain dictionaries, lists, numbers and text."""
        return {
            "chord_tones": {
                role: list(pair) for role, pair in self.chord_tones.items()
            },
            "modes": {
                mode: {
                    "chords": " ".join(chord.name for chord in counts.chords),
                    "firsts": _to_text(counts.firsts),
                    "sung": [_to_text(row) for row in counts.sung],
                    "following": {
                        place: [_to_text(row) for row in table]
                        for place, table in counts.following.items()
                    },
                }
                for mode, counts in self.modes.items()
            },
        }

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> ChordChain:
        """Return what `to_json` was made of."""
        return cls(
            modes={
                mode: ModeCounts(
                    chords=tuple(map(chord_named, counts["chords"].split())),
                    firsts=_from_text(counts["firsts"]),
                    sung=np.stack([*map(_from_text, counts["sung"])]),
                    following={
                        place: np.stack([*map(_from_text, rows)])
                        for place, rows in counts["following"].items()
                    },
                )
                for mode, counts in table["modes"].items()
            },
            chord_tones={
                role: (tones, notes)
                for role, (tones, notes) in table["chord_tones"].items()
            },
        )


@cache
def chord_chain() -> ChordChain:
    """Return the model that was fitted to Bach's chorales."""
    return ChordChain.from_json(json.loads(FILE.read_text(encoding="utf-8")))


def _ending_cost(beat: Beat, chord: Chord, key: Key) -> float:
    """Return what a chord costs at the end of a phrase, in nats."""
    if beat.place not in ARRIVALS:
        return 0.0
    cost = 0.0
    if beat.notes and (beat.notes[-1].pitch - key.tonic_class) % 12 not in chord.tones:
        cost += _FOREIGN_LAST
    if _is_tonic(chord):
        return cost
    if beat.place == LAST_ARRIVAL:
        return cost + _NO_TONIC
    if chord.is_dominant and not chord.inversion:
        return cost
    is_relative = key.mode == "minor" and chord == _RELATIVE_MAJOR
    return cost + (_RELATIVE if is_relative else _OPEN)


def _is_tonic(chord: Chord) -> bool:
    """Whether a chord is I or i, in root position."""
    return chord.root == 0 and chord.triad != DIMINISHED and not chord.inversion


def _moves(counts: ModeCounts, before: Beat, beat: Beat, key: Key) -> Float64Array:
    """Return what it costs to go from chord to chord, in nats, (chords, chords)."""
    chords = counts.chords
    costs = np.zeros((len(chords), len(chords)))
    if _is_first(before, beat):
        return costs
    if beat.place != HELD:
        costs += _REPEATED * np.eye(len(chords))
    if beat.is_strong and not before.is_strong:
        costs[[chord.inversion == _SIX_FOUR for chord in chords]] += _WEAK_SIX_FOUR
    if beat.place == STRONG and before.place != BEGINNING:
        triads = np.array([chord._replace(inversion=0).name for chord in chords])
        costs += _HELD_OVER * (triads[:, np.newaxis] == triads)
    if beat.place in _NO_DOMINANT:
        is_usual = [[_is_cadence(each, last) for last in chords] for each in chords]
        costs += _NO_DOMINANT[beat.place] * ~np.array(is_usual)
    pitches = (before.pitch, beat.pitch)
    if SILENCE in pitches or before.pitch == beat.pitch:
        return costs
    bass = np.array([chord.bass for chord in chords])
    intervals = [(pitch - key.tonic_class - bass) % 12 for pitch in pitches]
    is_moving = bass[:, np.newaxis] != bass
    steps = np.isin((bass - bass[:, np.newaxis]) % 12, range(1, _STEP + 1))  # upward
    for interval in (_OCTAVE, _FIFTH):
        first, second = (each == interval for each in intervals)
        both = first[:, np.newaxis] & second & is_moving
        is_close = interval == _OCTAVE and beat.place in ARRIVALS
        costs += (_CLOSE if is_close else _CONSECUTIVE) * both
        if abs(rise := pitches[1] - pitches[0]) > _STEP:
            costs += _DIRECT * (second & (steps if rise > 0 else steps.T))
    return costs


def _is_first(before: Beat, beat: Beat) -> bool:
    """Whether a beat begins its phrase, which may have no other."""
    is_after_end = before.place in (*ARRIVALS, HELD) and beat.place != HELD
    return beat.place == BEGINNING or is_after_end


def _is_cadence(before: Chord, last: Chord) -> bool:
    """Whether a phrase ends on V, or on a chord after its dominant in root position."""
    return last.is_dominant or (before.leads_to(last) and not before.inversion)


def _shrunk(counts: Any, prior: Float64Array, weight: float) -> Float64Array:
    """Return probabilities by counts, and by a prior that is worth a number of them."""
    chances: Float64Array = counts + weight * prior
    return _normalized(chances)


def _normalized(chances: Float64Array) -> Float64Array:
    """Return probabilities that sum to 1 over the last axis."""
    normalized: Float64Array = chances / chances.sum(axis=-1, keepdims=True)
    return normalized


def _to_text(counts: IntArray) -> str:
    return " ".join(map(str, counts.tolist()))


def _from_text(text: str) -> IntArray:
    return np.array(text.split(), np.int64)
