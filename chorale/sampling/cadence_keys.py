"""Keys of phrase ends: the key in the plan before fermatas, drawn for each piece.

A network conditional on the key of a piece stays in it. Bach's phrases often end in
another key than the one before. Their keys are drawn from a Markov chain of a corpus
(`chorale.models.critic.cadence_keys`), together with the melody if it is given, and the
plan names them from three beats before each fermata to its end. The last phrase ends in
the key of the piece. Passages between given notes are left alone: those decide.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from chorale.encoding.plan import key_value
from chorale.encoding.tokens import Vocabulary
from chorale.models.critic.cadence_keys import CadenceKeys, key_of, last_degrees
from chorale.models.guidance import KEY_FEATURE
from chorale.music.voices import SOPRANO
from chorale.sampling.batches import Batch
from chorale.utils.arrays import BoolArray, IntArray

# Steps before a fermata at which the plan begins to name its key.
_BEFORE = 12
# What follows the last fermata is a phrase if it is this long, in steps.
_LEAST_PHRASE = 16
_STREAM = 2**31  # of the random numbers, beside those of the notes and the particles


def with_cadence_keys(
    batch: Batch,
    keys: CadenceKeys,
    vocabulary: Vocabulary,
    plan_features: tuple[str, ...],
) -> Batch:
    """Return a batch whose plans name a key before each fermata but the last.

    Args:
        batch: the pieces; those without a key stay as they are.
        keys: to draw from.
        vocabulary: of the tokens.
        plan_features: of the plans; without the key nothing changes.
    """
    if KEY_FEATURE not in plan_features:
        return batch
    plan = batch.plan.copy()
    column = plan[..., plan_features.index(KEY_FEATURE)]
    for row, steps in enumerate(batch.lengths.tolist()):
        key, free = batch.plans[row].key, batch.free[row, :steps]
        fermatas = batch.plans[row].fermatas
        ends = _phrase_ends(fermatas)
        if key is None or len(ends) < 2 or not _goes_on(free):
            continue
        pitches, _ = vocabulary.decode(batch.tokens[row, :steps])
        soprano = np.where(free[:, SOPRANO], 0, pitches[:, SOPRANO])
        melody = [last_degrees(soprano[:end], key.tonic_class) for end in ends]
        random = np.random.default_rng(_stream(batch.streams[row]))
        drawn = keys.draw(key.mode, melody, random)
        spans = pairwise([0, *ends[:-1]])
        for (start, end), number in zip(spans, drawn[:-1], strict=True):
            arrival = start + int(np.flatnonzero(fermatas[start:end])[0])
            before = np.arange(max(arrival - _BEFORE, start), end)
            changed = before[free[before].any(axis=1)]
            column[row, changed] = key_value(key_of(number, key))
    return replace(batch, plan=plan)


def _stream(stream: np.random.SeedSequence) -> np.random.SeedSequence:
    """Return a stream of a piece that depends on nothing else drawn for it."""
    return np.random.SeedSequence(
        stream.entropy, spawn_key=(*stream.spawn_key, _STREAM)
    )


def _phrase_ends(fermatas: BoolArray) -> list[int]:
    """Return the step after each phrase end; that of the last is the end of the piece.

    Rests after the last fermata belong to the last phrase.
    """
    steps = len(fermatas)
    ends: IntArray = 1 + np.flatnonzero(fermatas[:-1] & ~fermatas[1:])
    return [*ends[ends <= steps - _LEAST_PHRASE].tolist(), steps]


def _goes_on(free: BoolArray) -> bool:
    """Return whether all voices but the soprano are free from a step to the end."""
    harmony = free[:, SOPRANO + 1 :]
    first = int(harmony.any(axis=1).argmax())
    return bool(harmony[first:].all())
