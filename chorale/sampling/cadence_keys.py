"""Keys of phrase ends: the key in the plan before fermatas, found for each piece.

A network conditional on the key of a piece stays in it. Bach's phrases often end in
another key than the one before. Their keys are drawn from a Markov chain of a corpus
(`chorale.models.critic.cadence_keys`), or are the likeliest of it if the melody is
given. The plan names them from three beats before each fermata to its end. The last
phrase ends in the key of the piece, and on a perfect authentic cadence if the melody is
given and allows it: so ended 31 of 39 single drafts of folk songs, 27 without this.
Passages between given notes are left alone: those decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from chorale.encoding.plan import Plan, key_value
from chorale.encoding.tokens import Vocabulary
from chorale.errors import UsageError
from chorale.models.critic.cadence_keys import CadenceKeys, Close, key_of
from chorale.models.guidance import KEY_FEATURE
from chorale.music.keys import Key
from chorale.music.phrases import ends_of_phrases
from chorale.music.voices import SILENCE, SOPRANO
from chorale.sampling.asked_cadences import arrival_of
from chorale.sampling.asked_plan import Ending
from chorale.sampling.batches import Batch
from chorale.utils.arrays import BoolArray, IntArray

# Steps before a fermata at which the plan begins to name its key.
_BEFORE = 12
# Notes before the tonic that allow a perfect cadence, in semitones above it: from the
# fifth degree a melody would move in octaves with the bass.
_LAST_BUT_ONE = (11, 2)
_STREAM = 2**31  # of the random numbers, beside those of the notes and the particles


def with_cadence_keys(
    batch: Batch,
    keys: CadenceKeys | None,
    vocabulary: Vocabulary,
    plan_features: tuple[str, ...],
) -> Batch:
    """Return a batch whose plans name a key before each fermata.

    That of the last one is the key of the piece, unless another one is asked for. Where
    a given melody allows it, the cadence of the last phrase is asked for too.

    Args:
        batch: the pieces; those without a key stay as they are.
        keys: to draw from; None if none are drawn, but for those that are asked for.
        vocabulary: of the tokens.
        plan_features: of the plans; without the key none is named.

    Raises:
        UsageError: a key alone is asked for, and the plans have none.
    """
    if KEY_FEATURE not in plan_features:
        endings = [ending for asked in batch.asked for ending in asked or ()]
        if not all(ending.kind for ending in endings):
            raise UsageError(
                "the model was trained without keys in its plan and cannot be led to "
                "one: name a kind in each of the --cadences, such as V:HC, or another "
                "--model"
            )
        return batch
    plan, every_asked = batch.plan.copy(), list(batch.asked)
    column = plan[..., plan_features.index(KEY_FEATURE)]
    written = batch.written
    for row, steps in enumerate(batch.lengths.tolist()):
        key, free = batch.plans[row].key, written[row, :steps]
        stream = batch.streams[row // batch.drafts * batch.drafts]
        fermatas = batch.plans[row].fermatas
        ends = ends_of_phrases(fermatas)
        if asked := batch.asked[row]:
            named = [ending.key for ending in asked]
        elif key is None or keys is None or not batch.goes_on(row):
            continue
        else:
            soprano = batch.given_soprano(row, vocabulary)
            named = draw_keys(keys, batch.plans[row], soprano, stream)
            every_asked[row] = _with_close(named, fermatas, soprano)
        for (start, end), ending in zip(pairwise([0, *ends]), named, strict=True):
            under = np.flatnonzero(fermatas[start:end])
            arrival = start + int(under[0]) if len(under) else end
            before = np.arange(max(arrival - _BEFORE, start), end)
            changed = before[free[before].any(axis=1)]
            if ending != key:
                column[row, changed] = key_value(ending)
        repeated = np.flatnonzero((batch.sources[row, :steps] >= 0).all(axis=1))
        column[row, repeated] = column[row, batch.sources[row, repeated, SOPRANO]]
    return replace(batch, plan=plan, asked=every_asked)


def _with_close(
    named: Sequence[Key], fermatas: BoolArray, soprano: IntArray
) -> tuple[Ending, ...] | None:
    """Return the endings of the phrases of a piece, the last one a perfect cadence.

    Args:
        named: the keys in which they end.
        fermatas: bool array (steps,), of the plan.
        soprano: int array (steps,), its notes where they are given, 0 elsewhere.

    Returns:
        None if the melody does not go to the tonic from the note below or above it.
    """
    start, end = [0, *ends_of_phrases(fermatas)][-2:]
    arrival = arrival_of(fermatas, soprano, start, end)
    above = np.where(soprano == SILENCE, -1, (soprano - named[-1].tonic_class) % 12)
    last = above[arrival:][above[arrival:] >= 0]
    if not arrival or above[arrival - 1] not in _LAST_BUT_ONE:
        return None
    if not len(last) or last.any():
        return None
    return (*map(Ending, named[:-1]), Ending(named[-1], "PAC"))


def draw_keys(
    keys: CadenceKeys,
    plan: Plan,
    soprano: IntArray,
    stream: np.random.SeedSequence,
) -> list[Key]:
    """Draw the key of each phrase end.

    Args:
        keys: to draw from.
        plan: of a piece with a key.
        soprano: int array (steps,), its notes where they are given, 0 elsewhere.
        stream: of the random numbers of the piece.
    """
    home = plan.key
    assert home is not None
    ends = ends_of_phrases(plan.fermatas)
    melody = [
        Close.of(soprano[start:end], home.tonic_class)
        for start, end in pairwise([0, *ends])
    ]
    drawn = keys.draw(home.mode, melody, np.random.default_rng(_stream(stream)))
    return [key_of(number, home) for number in drawn]


def _stream(stream: np.random.SeedSequence) -> np.random.SeedSequence:
    """Return a stream of a piece that depends on nothing else drawn for it."""
    return np.random.SeedSequence(
        stream.entropy, spawn_key=(*stream.spawn_key, _STREAM)
    )
