"""The table of motions against a reading of it note by note."""

from __future__ import annotations

import numpy as np
import pytest

from chorale.encoding.tokens import Vocabulary

pytestmark = pytest.mark.keras

OTHERS = 2


def sign(number: int) -> int:
    return int(number > 0) - int(number < 0)


def within_octave(semitones: int) -> int:
    wide = abs(semitones)
    return 12 if wide and wide % 12 == 0 else wide % 12


def motion(last: int, now: int, before: int, after: int) -> tuple[object, ...]:
    """Return what distinguishes motions, of MIDI notes, 0 = none."""
    interval = within_octave(last - before) if last and before else None
    reached = within_octave(now - after) if now and after else None
    theirs = sign(after - before) if before and after else 0
    own = sign(now - last) if last and now else 0
    return interval, reached, theirs, own


@pytest.mark.parametrize("encoding", ["hold", "pitch"])
def test_tokens_weigh_alike_if_and_only_if_the_motion_is_the_same(
    encoding: str,
) -> None:
    from chorale.models.networks.motions import (
        MotionLogits,
        are_parallel,
        arrival_places,
        arrivals,
        departures,
    )
    from chorale.models.networks.weighing import weigh

    ranges = ((60, 72), (55, 67), (50, 60), (48, 60))
    vocabulary = Vocabulary(encoding=encoding, lowest=48, highest=72, ranges=ranges)
    layer = MotionLogits(OTHERS)
    random = np.random.default_rng(0)
    layer.build(None)
    layer.table.embeddings.assign(random.normal(size=layer.table.embeddings.shape))
    moments = 400
    last = random.integers(0, vocabulary.nothing + 1, moments)
    others_last = random.integers(0, vocabulary.nothing + 1, (moments, OTHERS))
    others_now = random.integers(0, vocabulary.pitch_count, (moments, OTHERS))
    # One voice at a time: the other is silent, which is one way among others.
    others_last[:, 1] = others_now[:, 1] = 0
    own_last, before, now = (
        notes.astype(np.int32) for notes in (last[:, None], others_last, others_now)
    )
    left = departures(own_last, before, now, vocabulary)
    reached = arrivals(own_last, now, vocabulary)
    parallel = np.asarray(are_parallel(left, reached))
    weights = weigh([layer(left)], [arrival_places(reached, first=1)])
    logits = np.asarray(weights).sum(axis=1)
    assert logits.shape == (moments, vocabulary.size)
    note = {**{token: token + 47 for token in range(1, vocabulary.pitch_count)}, 0: 0}
    note[vocabulary.nothing] = 0
    found: dict[tuple[object, ...], set[float]] = {}
    for moment in range(moments):
        for token in range(vocabulary.size):
            # HOLD has the number of what is nothing in the past.
            own = last[moment] if token == vocabulary.hold else token
            pitches = last[moment], own, others_last[moment, 0], others_now[moment, 0]
            key = motion(*(note[int(pitch)] for pitch in pitches))
            interval, last_interval, theirs, own_direction = key
            assert parallel[moment, 0, token] == (
                interval == last_interval
                and interval in (0, 7, 12)
                and theirs == own_direction != 0
            )
            found.setdefault(key, set()).add(round(float(logits[moment, token]), 3))
    assert len(found) > 800
    assert parallel[:, 0].sum() > 20
    assert not parallel[:, 1].any()
    assert all(len(values) == 1 for values in found.values())
    assert len(set.union(*found.values())) > 0.95 * len(found)
