"""Steering: a critic changes what is drawn, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fakes import PLAIN, FakePredictor, toy_vocabulary, uniform_predictor
from fakes import plan as plan_without_key

from chorale.encoding.plan import Plan
from chorale.errors import UsageError
from chorale.models.critic.events import TABLES
from chorale.models.critic.lines import LARGEST
from chorale.models.critic.tables import Critic
from chorale.music.keys import Key
from chorale.sampling.generate import sample
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.rewriting import rewrite

# Likes notes that are struck again.
TABLE = {name: np.zeros(shape, np.float32) for name, shape in TABLES.items()}
LIKES_REPEATS = Critic(
    {
        **TABLE,
        "moves": np.where(np.arange(2 * LARGEST + 1) == LARGEST, 1.0, -1.0)
        + TABLE["moves"],
    }
)
PREDICTOR = replace(uniform_predictor(toy_vocabulary()), critic=LIKES_REPEATS)


def plan(steps: int) -> Plan:
    return replace(plan_without_key(steps), key=Key("C", "major"))


def repeats(predictor: FakePredictor, options: SamplingOptions) -> float:
    """Return the share of the attacks that repeat the note before."""
    found = []
    for piece in sample(predictor, plan(64), options=options, variations=8):
        for voice in range(4):
            pitches = piece.pitches[piece.onsets[:, voice], voice]
            found += (pitches[1:] == pitches[:-1]).tolist()
    return float(np.mean(found))


@pytest.mark.parametrize("encoding", ["hold"])
def test_a_critic_makes_likelier_what_it_likes(encoding: str) -> None:
    alone = repeats(PREDICTOR, replace(PLAIN, critic=0.0))
    steered = repeats(PREDICTOR, PLAIN)
    stronger = repeats(PREDICTOR, replace(PLAIN, particles=32))
    assert alone + 0.05 < steered < stronger


def test_without_strength_particles_or_critic_nothing_changes() -> None:
    without = sample(replace(PREDICTOR, critic=None), plan(32), options=PLAIN)
    for options in (replace(PLAIN, critic=0.0), replace(PLAIN, particles=1)):
        assert sample(PREDICTOR, plan(32), options=options) == without
    assert sample(PREDICTOR, plan(32), options=PLAIN) != without


def test_a_piece_without_a_key_is_not_steered() -> None:
    """What the critic likes has no effect on it, nor has what it dislikes."""
    opposite = LIKES_REPEATS.scaled(-1.0)
    drawn = [
        sample(replace(PREDICTOR, critic=critic), plan_without_key(32), options=PLAIN)
        for critic in (LIKES_REPEATS, opposite)
    ]
    assert drawn[0] == drawn[1]


def test_the_first_of_four_is_the_only_one_of_one() -> None:
    many = sample(PREDICTOR, plan(48), options=PLAIN, variations=4)
    (alone,) = sample(PREDICTOR, plan(48), options=PLAIN)
    assert many[0] == alone
    assert sample(PREDICTOR, plan(48), options=PLAIN, first=2)[0] == many[2]
    assert sample(PREDICTOR, plan(48), options=PLAIN, variations=4) == many


def test_a_steered_rewriting_keeps_what_is_given() -> None:
    (piece,) = sample(PREDICTOR, plan(64), options=PLAIN)
    (again,) = rewrite(PREDICTOR, piece, PLAIN, bars=[2], voices=[1, 2])
    kept = np.ones(piece.pitches.shape, np.bool_)
    kept[np.ix_(piece.bars == 2, [1, 2])] = False
    assert (again.pitches[kept] == piece.pitches[kept]).all()


def test_a_negative_strength_is_refused() -> None:
    with pytest.raises(UsageError, match="critic"):
        SamplingOptions(critic=-1.0)
