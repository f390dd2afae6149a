"""Splits hold whole groups, near the asked shares, whatever the order of the pieces."""

from __future__ import annotations

import tracemalloc
from collections import Counter, defaultdict
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chorale.corpus.splitting import assign_splits, spanning_groups
from chorale.errors import ChoraleError, UsageError

GROUPS = st.lists(st.integers(1, 12), min_size=1, max_size=40)
SHARES = st.sampled_from([(0.8, 0.1, 0.1), (0.6, 0.2, 0.2), (0.9, 0.1, 0.0)])
SEEDS = st.integers(0, 5)


def keys_of(groups: list[int]) -> list[str]:
    return [f"{group}-{place}" for place, group in enumerate(groups)]


@given(groups=GROUPS, shares=SHARES, seed=SEEDS)
def test_groups_stay_whole_and_valid_is_not_empty(
    groups: list[int], shares: tuple[float, float, float], seed: int
) -> None:
    splits = assign_splits(groups, keys_of(groups), shares=shares, seed=seed)
    assert spanning_groups(groups, splits) == []
    assert "train" in splits
    assert ("valid" in splits) is (len(set(groups)) > 1)


@given(groups=GROUPS, seed=SEEDS, data=st.data())
def test_neither_order_nor_numbers_matter(
    groups: list[int], seed: int, data: st.DataObject
) -> None:
    keys = keys_of(groups)
    expected = dict(zip(keys, assign_splits(groups, keys, seed=seed), strict=True))
    order = data.draw(st.permutations(range(len(groups))))
    renumbered = [100 - groups[place] for place in order]
    moved = [keys[place] for place in order]
    found = assign_splits(renumbered, moved, seed=seed)
    assert dict(zip(moved, found, strict=True)) == expected


@given(groups=GROUPS, seed=SEEDS)
def test_valid_is_as_near_its_share_as_groups_permit(
    groups: list[int], seed: int
) -> None:
    sizes = list(Counter(groups).values())
    assume(len(sizes) <= 8)
    splits = assign_splits(groups, keys_of(groups), seed=seed)
    sums = {
        sum(some)
        for count in range(1, len(sizes))
        for some in combinations(sizes, count)
    }
    target = 0.1 * len(groups)
    best = min((abs(number - target) for number in sums), default=target)
    assert abs(splits.count("valid") - target) == best


@pytest.mark.parametrize("seed", range(4))
def test_single_pieces_are_split_exactly(seed: int) -> None:
    groups = list(range(100))
    splits = assign_splits(groups, keys_of(groups), seed=seed)
    assert Counter(splits) == {"train": 80, "valid": 10, "test": 10}


def test_large_groups_are_held_out_too() -> None:
    # 20 groups of three pieces and 40 of one.
    groups = [*range(40), *(100 + place // 3 for place in range(60))]
    held_out = defaultdict(set)
    for seed in range(10):
        splits = assign_splits(groups, keys_of(groups), seed=seed)
        assert Counter(splits) == {"train": 80, "valid": 10, "test": 10}
        for group, split in zip(groups, splits, strict=True):
            held_out[split].add(group >= 100)
    assert held_out["valid"] == held_out["test"] == {False, True}


def test_seeds_choose_differently() -> None:
    groups = list(range(50))
    choices = {tuple(assign_splits(groups, keys_of(groups), seed=n)) for n in range(5)}
    assert len(choices) == 5


def test_a_split_that_the_source_fixes_is_kept() -> None:
    groups = [1, 1, 1, 2, 2, 3, 4]
    preset = ["train", "test", "", "valid", "", "", ""]
    splits = assign_splits(groups, keys_of(groups), preset=preset)
    assert splits[:2] == ["train", "test"]
    assert splits[2] == "test"  # beside a piece that is held out, not in train
    assert splits[3:5] == ["valid", "valid"]
    assert set(splits[5:]) == {"train"}  # valid and test already have their share
    assert spanning_groups(groups, splits) == [1]


def test_free_pieces_fill_the_splits_that_the_source_leaves_empty() -> None:
    groups = list(range(20))
    preset = ["train"] * 15 + [""] * 5
    splits = assign_splits(groups, keys_of(groups), preset=preset)
    assert Counter(splits) == {"train": 16, "valid": 2, "test": 2}
    assert splits[:15] == ["train"] * 15


@pytest.mark.parametrize(
    "shares", [(0.8, 0.1), (0.5, 0.5, 0.5), (0.0, 0.5, 0.5), (1.2, -0.1, -0.1)]
)
def test_shares_that_make_no_sense_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match=r"0\.8,0\.1,0\.1"):
        assign_splits([1], ["a"], shares=shares)


def test_lists_that_disagree_are_refused() -> None:
    with pytest.raises(ChoraleError, match="2, 1 and 2"):
        assign_splits([1, 2], ["a"])
    with pytest.raises(ChoraleError, match="dev"):
        assign_splits([1], ["a"], preset=["dev"])


def test_the_memory_of_many_groups_is_in_proportion() -> None:
    groups = [group for group in range(1, 50_001) for _ in range(1 + group % 3)]
    keys = [str(number) for number in range(len(groups))]
    tracemalloc.start()
    splits = assign_splits(groups, keys)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20
    assert splits.count("valid") == splits.count("test") == round(len(groups) / 10)
    assert spanning_groups(groups, splits) == []
