"""Cadences that are asked for, and chords that are planned: what other notes cost.

A cadence of a kind has the tones of the dominant, or of the subdominant, in the last
half beat before the fermata, and those of its last chord under it. Other tones are
drawn less often, in the outer voices hardly at all. So are, where a chord is planned,
tones foreign to it; all tones but its third in the voice that is drawn last, if no
other voice has the third; and notes above the melody.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chorale.encoding.tokens import Vocabulary
from chorale.models.form import Phrases
from chorale.models.predictor import log_softmax
from chorale.music.voices import BASS, HIGHEST_PITCH, SILENCE, SOPRANO, VOICES
from chorale.sampling.asked_plan import Ending, PlannedChord
from chorale.sampling.batches import Batch
from chorale.utils.arrays import BoolArray, Float64Array, FloatArray, IntArray

_BEFORE = 2  # steps
_MOST_REPEATED = 16  # steps of a last note before the fermata, a bar of 4/4
_OUTER, _INNER = 12.0, 4.0  # nats that a tone costs that is not asked for
# Nats of a tone that is foreign to the planned chord, and of another bass than planned.
_FOREIGN, _OTHER_BASS = 4.0, 5.0
_SIX_FOUR = 2.0  # nats more, where that bass is the fifth
_CADENCE = 2.0  # factor of these costs in cadences
# Nats of all tones but the third, in the inner voice that is drawn last, if no other
# voice has the third.
_NO_THIRD = 5.0
# Nats of a note above one that the melody has before the next chord.
_CROSSING = 4.0
_DOMINANT = (7, 11, 2, 5)
# Tones of the chord before, its basses; of the last chord, its basses, its sopranos,
# in semitones above the tonic: of a major key, and of a minor one.
_ANY = tuple(range(12))
_NO_APPLIED = tuple(tone for tone in _ANY if tone != 6)  # no dominant of the dominant
_KINDS: dict[str, tuple[tuple[tuple[int, ...], ...], ...]] = {
    "PAC": (
        (_DOMINANT, (7,), (0, 4, 7), (0,), (0,)),
        (_DOMINANT, (7,), (0, 3, 4, 7), (0,), (0,)),
    ),
    "IAC": (
        (_DOMINANT, (7,), (0, 4, 7), (0,), (4, 7)),
        (_DOMINANT, (7,), (0, 3, 4, 7), (0,), (3, 4, 7)),
    ),
    "HC": (
        (_NO_APPLIED, _ANY, (7, 11, 2), (7,), (7, 11, 2)),
        (_NO_APPLIED, _ANY, (7, 11, 2), (7,), (7, 11, 2)),
    ),
    "DC": (
        (_DOMINANT, (7,), (9, 0, 4), (9,), (9, 0, 4)),
        (_DOMINANT, (7,), (8, 0, 3), (8,), (8, 0, 3)),
    ),
    "plagal": (
        ((5, 9, 0, 2), (5,), (0, 4, 7), (0,), (0, 4, 7)),
        ((5, 8, 0, 2), (5,), (0, 3, 4, 7), (0,), (0, 3, 4, 7)),
    ),
}


class AskedCadences:
    """Costs of the tokens that lead away from the cadences of a batch.

    Args:
        batch: the pieces, with the endings that are asked for and planned chords.
        particles: of each piece.
        vocabulary: of the tokens.
    """

    def __init__(self, batch: Batch, particles: int, vocabulary: Vocabulary) -> None:
        self._hold, self._notes = vocabulary.hold, vocabulary.notes
        self._tokens = np.arange(vocabulary.size)
        # By step: costs by row, voice and pitch class.
        self._costs: dict[int, Float64Array] = {}
        # By step: pitch classes of the thirds of planned chords by row, -1 if none, and
        # their ceilings.
        self._thirds: dict[int, IntArray] = {}
        self._ceilings: dict[int, IntArray] = {}
        rows = len(batch.plans) * particles
        for index, endings in enumerate(batch.asked):
            span = slice(index * particles, (index + 1) * particles)
            for chord in batch.chords[index] or ():
                found = self._costs.setdefault(chord.step, np.zeros((rows, VOICES, 12)))
                found[span] = costs_of_chord(chord)
                thirds = self._thirds.setdefault(chord.step, np.full(rows, -1))
                thirds[span] = chord.tones[1]
                highest = np.full(rows, HIGHEST_PITCH)
                self._ceilings.setdefault(chord.step, highest)[span] = chord.ceiling
            if not endings:
                continue
            phrases = Phrases(batch.plans[index])
            soprano = batch.given_soprano(index, vocabulary)
            for ending, start, end in zip(
                endings, phrases.starts, phrases.ends, strict=True
            ):
                fermatas = batch.plans[index].fermatas
                arrival = arrival_of(fermatas, soprano, start, end)
                for step, costs in _costs_of(ending, arrival, end):
                    found = self._costs.setdefault(step, np.zeros((rows, VOICES, 12)))
                    found[span] = np.maximum(found[span], costs)

    def at(
        self, step: int, voice: int, sounding: IntArray, others: IntArray | None
    ) -> Float64Array | None:
        """Return what the tokens of a voice cost, float array (rows, tokens), nats.

        Args:
            step: its index.
            voice: of the tokens.
            sounding: int array (rows,), `Past.pitches` of the voice before the step.
            others: int array (rows, 3), those of the other voices in the step, if the
                voice is the last to be drawn; None for other voices.

        Returns:
            None if nothing is asked for there.
        """
        found = self._costs.get(step)
        if found is None:
            return None
        by_class = found[:, voice]
        is_inner = voice not in (SOPRANO, BASS)
        if others is not None and is_inner and step in self._thirds:
            by_class = by_class + self._costs_without_third(step, others)
        ceilings = None if voice == SOPRANO else self._ceilings.get(step)

        def cost(notes: IntArray) -> Float64Array:
            """Return what MIDI notes cost, by row and note."""
            rows = np.arange(len(by_class))[:, np.newaxis]
            costs: Float64Array = np.where(notes > 0, by_class[rows, notes % 12], 0.0)
            if ceilings is not None:
                costs += _CROSSING * (notes > ceilings[:, np.newaxis])
            return costs

        costs = cost(self._notes(self._tokens)[np.newaxis])
        if self._hold is not None:
            costs[:, self._hold] = cost(self._notes(sounding)[:, np.newaxis])[:, 0]
        return costs

    def _costs_without_third(self, step: int, others: IntArray) -> Float64Array:
        """Return what the last voice costs on other tones than a missing third.

        Args:
            step: its index.
            others: see `at`.

        Returns:
            float array (rows, 12), nats by pitch class.
        """
        thirds, heard = self._thirds[step][:, np.newaxis], self._notes(others)
        has_third = (heard > 0) & (heard % 12 == thirds)
        is_missing = (thirds >= 0) & ~has_third.any(axis=1, keepdims=True)
        is_other = is_missing & (np.arange(12) != thirds)
        return np.where(is_other, _NO_THIRD, 0.0)


def log_shares(logits: FloatArray, costs: Float64Array) -> Float64Array:
    """Return how likely what costs nothing is, as logarithms, float array (rows,).

    Drafts to which it is less likely are weighted less.

    Args:
        logits, costs: float arrays (rows, tokens).
    """
    shares: Float64Array = np.log(
        (np.exp(log_softmax(logits).astype(np.float64)) * np.exp(-costs)).sum(axis=1)
    )
    return shares


def costs_of_chord(chord: PlannedChord) -> Float64Array:
    """Return what other tones cost than those of a planned chord, (4, 12)."""
    costs = np.tile(_line(chord.tones, 0, _FOREIGN), (VOICES, 1))
    costs[SOPRANO] = 0.0
    costs[BASS] = _line([chord.bass], 0, _OTHER_BASS)
    fifth = chord.tones[2]
    if chord.bass != fifth:
        costs[BASS, fifth] += _SIX_FOUR
    return costs * _CADENCE if chord.in_cadence else costs


def arrival_of(fermatas: BoolArray, soprano: IntArray, start: int, end: int) -> int:
    """Return the step at which the last chord of a phrase is expected.

    It is that of the fermata, or of the last beat. A given melody that repeats its last
    note or its octave, for a bar at most, has that chord from the first of these notes
    on.

    Args:
        fermatas: bool array (steps,), of the plan.
        soprano: int array (steps,), its notes where they are given, 0 elsewhere.
        start, end: first step of the phrase and the step after its last.
    """
    under = np.flatnonzero(fermatas[start:end])
    arrival = start + int(under[0]) if len(under) else max(end - 4, start)
    classes = np.where(soprano == SILENCE, -1, soprano % 12)
    differs = np.flatnonzero(classes[start:arrival] != classes[arrival])
    first = start + int(differs[-1]) + 1 if len(differs) else start
    is_repeated = soprano[arrival] != SILENCE and arrival - first <= _MOST_REPEATED
    return first if is_repeated else arrival


def _costs_of(
    ending: Ending, arrival: int, end: int
) -> Sequence[tuple[int, Float64Array]]:
    """Return steps before and under a fermata, and costs there, (4, 12)."""
    if ending.kind is None:
        return ()
    before, bass_before, last, bass, soprano = _KINDS[ending.kind][
        ending.key.mode == "minor"
    ]
    tonic = ending.key.tonic_class
    leading, under = _table(before, tonic), _table(last, tonic)
    leading[BASS] = _line(bass_before, tonic, _OUTER)
    under[BASS] = _line(bass, tonic, _OUTER)
    under[SOPRANO] = _line(soprano, tonic, _OUTER)
    return [
        *((step, leading) for step in range(max(arrival - _BEFORE, 0), arrival)),
        *((step, under) for step in range(arrival, end)),
    ]


def _table(tones: Sequence[int], tonic: int) -> Float64Array:
    """Return the costs of tones that are not asked for in any voice, (4, 12)."""
    return np.tile(_line(tones, tonic, _INNER), (VOICES, 1))


def _line(tones: Sequence[int], tonic: int, cost: float) -> Float64Array:
    """Return a cost for all pitch classes but some above a tonic, (12,)."""
    line = np.full(12, cost)
    line[(np.array(tones) + tonic) % 12] = 0.0
    return line
