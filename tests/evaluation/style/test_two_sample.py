from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from bach import all_chorales

from chorale.errors import DataError
from chorale.evaluation.style.features import FEATURES
from chorale.evaluation.style.profiles import Profile, profile
from chorale.evaluation.style.two_sample import two_sample_auc
from chorale.evaluation.style.windows import windows_of
from chorale.music.score import Chorale


def counted(
    windows: int, shift: float = 0, seed: int = 0, name: str = "piece"
) -> Profile:
    """Return a profile in which only the share of new bars is informative.

    The share is normal with a deviation of 0.1 and the mean 0.5 + 0.1 × shift.
    """
    counts = {
        name: np.zeros((windows, len(feature.parts), len(feature.bins)), np.int64)
        for name, feature in FEATURES.items()
    }
    normal = np.random.default_rng(seed).normal(0.5 + 0.1 * shift, 0.1, windows)
    new = np.rint(1000 * np.clip(normal, 0, 1)).astype(np.int64)
    counts["repetition"][:, 0] = np.stack([new, 1000 - new], axis=1)
    return Profile(tuple(f"{name} {index}" for index in range(windows)), counts)


@pytest.mark.parametrize("shift", [0.5, 1, 2])
def test_known_separation(shift: float) -> None:
    # Two normals d deviations apart have the area Φ(d / √2).
    found = two_sample_auc(counted(200), counted(200, shift, seed=1, name="other"))
    expected = NormalDist().cdf(shift / 2**0.5)
    assert found.low < expected < found.high
    assert found.value == pytest.approx(expected, abs=0.05)


def test_more_windows_teach_and_are_not_ranked() -> None:
    left, right = counted(30), counted(30, 1, seed=1, name="other")
    more = counted(200, 1, seed=2, name="more")
    found = two_sample_auc(left, right, more=more)
    expected = NormalDist().cdf(1 / 2**0.5)
    assert found.low < expected < found.high
    # 200 windows that are ranked would make the interval narrower than this.
    alone = two_sample_auc(left, right)
    assert found.high - found.low > 0.7 * (alone.high - alone.low)


def test_more_windows_of_a_group_do_not_teach_where_it_is_ranked() -> None:
    # Each window of the left has a copy that is labelled as one of the right.
    left, right = counted(40), counted(40, seed=1, name="other")
    found = two_sample_auc(left, right, more=counted(40))
    assert found.low < 0.5 < found.high


def test_no_separation() -> None:
    found = two_sample_auc(counted(60), counted(60, seed=1, name="other"))
    assert found.low < 0.5 < found.high


def test_the_order_of_the_sets_does_not_matter() -> None:
    left, right = counted(40), counted(60, 2, seed=1, name="right")
    there, back = two_sample_auc(left, right), two_sample_auc(right, left)
    assert there.value == pytest.approx(back.value, abs=0.05)
    assert there == two_sample_auc(left, right)
    assert there != two_sample_auc(left, right, random_state=1)


def test_complete_separation() -> None:
    found = two_sample_auc(counted(30), counted(30, 9, seed=1, name="other"))
    assert (found.value, found.high) == (1, 1)


def test_a_group_is_never_on_both_sides() -> None:
    # A classifier trained on a window of one set would be wrong about its copy in the
    # other set. With both in one fold nothing is learned.
    assert two_sample_auc(counted(40), counted(40)).value == pytest.approx(0.5)


def test_too_few_pieces_are_refused() -> None:
    with pytest.raises(DataError, match="at least 10 different chorales, got 9"):
        two_sample_auc(counted(30), counted(9, name="other"))


def test_bach_is_distinguishable_from_shuffled_beats_only() -> None:
    corpus = all_chorales()
    train, valid = (
        profile(windows_of(split)) for split in (corpus.train, corpus.valid)
    )
    same = two_sample_auc(train, valid)
    assert same.low < 0.5 < same.high
    shuffled = profile(windows_of([_shuffled(chorale) for chorale in corpus.valid]))
    assert two_sample_auc(train, shuffled).low > 0.95


def _shuffled(chorale: Chorale) -> Chorale:
    """Return a chorale with the beats of each voice shuffled."""
    random = np.random.default_rng(chorale.steps)
    beats = chorale.steps // 4
    lines = []
    for voice in chorale.pitches[: 4 * beats].T:
        lines.append(random.permutation(voice.reshape(beats, 4)).ravel())
    return Chorale(
        pitches=np.stack(lines, axis=1),
        fermatas=chorale.fermatas[: 4 * beats],
        bars=chorale.bars[: 4 * beats],
        positions=chorale.positions[: 4 * beats],
        metres=chorale.metres,
        key=chorale.key,
        source=chorale.source,
    )
