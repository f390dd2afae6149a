"""Splits of a corpus by group: pieces that share a melody stay in one split."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import compress

from chorale.corpus.index import SPLITS
from chorale.errors import DataError, UsageError
from chorale.utils.checks import check_choice

SHARES = (0.8, 0.1, 0.1)  # of train, valid and test
_MOST_GROUPS = 2000  # of which the best choice is searched for


def assign_splits(
    groups: Sequence[int],
    keys: Sequence[str],
    *,
    shares: Sequence[float] = SHARES,
    seed: int = 0,
    preset: Sequence[str] | None = None,
) -> list[str]:
    """Assign whole groups of pieces to splits, at random.

    The sizes of valid and test are as near to their shares as whole groups permit (of
    thousands of groups those that come first are taken).
    Valid is not empty if there are two groups, unless its share is 0, and train keeps
    one. The choice depends on the groups, keys and seed, not on the order of the
    pieces nor on the numbers of the groups.

    A split that the source of a piece fixes is kept, even where a group then spans
    several, as in the published JSB chorales: `spanning_groups` names them. The other
    pieces of such a group follow: into test if a piece of the group is there, else into
    valid if one is there, so that train gains no copies of pieces that are held out.

    Args:
        groups: number of the group of each piece.
        keys: text of each piece that does not depend on where it is, such as the
            SHA-256 of its notes; pieces of different groups have different ones.
        shares: of train, valid and test, which add up to 1.
        seed: of the choice.
        preset: the split of each piece that its source fixes, else an empty string.

    Returns:
        `train`, `valid` or `test` for each piece.

    Raises:
        UsageError: the shares do not add up to 1, or that of train is 0.
        DataError: a preset is not a split, or the lists have different lengths.
    """
    _check_shares(shares)
    preset = [""] * len(groups) if preset is None else preset
    if not len(groups) == len(keys) == len(preset):
        raise DataError(
            "expected a group, a key and a preset for each piece, got "
            f"{len(groups)}, {len(keys)} and {len(preset)}"
        )
    for split in filter(None, preset):
        check_choice("a split", split, SPLITS)
    splits = _preset_groups(groups, preset)
    members: dict[int, list[str]] = defaultdict(list)
    for group, key in zip(groups, keys, strict=True):
        members[group].append(key)
    free = sorted(
        (group for group in members if group not in splits),
        key=lambda group: _rank(members[group], seed),
    )
    sizes = {group: len(keys) for group, keys in members.items()}
    placed = _piece_splits(groups, preset, splits)
    for split, share in zip(SPLITS[1:], shares[1:], strict=True):
        there = placed.count(split)
        # Train keeps a group, unless it already has a piece.
        rest = sum(sizes[group] for group in free)
        most = rest if "train" in placed else rest - 1
        least = int(split == "valid" and share > 0 and not there)
        chosen = _choose(
            [sizes[group] for group in free], share * len(groups) - there, least, most
        )
        splits |= dict.fromkeys(compress(free, chosen), split)
        free = [group for group in free if group not in splits]
    splits.update(dict.fromkeys(free, "train"))
    return _piece_splits(groups, preset, splits)


def spanning_groups(groups: Sequence[int], splits: Sequence[str]) -> list[int]:
    """Return the groups whose pieces are in several splits, in ascending order."""
    found: dict[int, set[str]] = defaultdict(set)
    for group, split in zip(groups, splits, strict=True):
        found[group].add(split)
    return sorted(group for group, places in found.items() if len(places) > 1)


def _check_shares(shares: Sequence[float]) -> None:
    """Raise UsageError unless the shares are those of train, valid and test."""
    if (
        len(shares) != len(SPLITS)
        or not all(0 <= share <= 1 for share in shares)
        or not math.isclose(sum(shares), 1, abs_tol=1e-6)
        or not shares[0]
    ):
        raise UsageError(
            "expected shares of train, valid and test that add up to 1, such as "
            f"0.8,0.1,0.1, got {','.join(f'{share:g}' for share in shares)}"
        )


def _preset_groups(groups: Sequence[int], preset: Sequence[str]) -> dict[int, str]:
    """Return the last split, of train, valid and test, that a source fixes by group."""
    splits: dict[int, str] = {}
    for group, split in zip(groups, preset, strict=True):
        if split:
            splits[group] = max(split, splits.get(group, split), key=SPLITS.index)
    return splits


def _piece_splits(
    groups: Sequence[int], preset: Sequence[str], splits: dict[int, str]
) -> list[str]:
    """Return the split of each piece so far; empty where it is not decided."""
    return [
        split or splits.get(group, "")
        for group, split in zip(groups, preset, strict=True)
    ]


def _rank(keys: Sequence[str], seed: int) -> bytes:
    """Return what a group is ordered by: random, but the same for the same pieces."""
    return hashlib.sha256(f"{seed}:{min(keys)}".encode()).digest()


def _choose(sizes: Sequence[int], target: float, least: int, most: int) -> list[bool]:
    """Choose groups whose sizes add up to as near a target as possible (subset sum).

    The sum is from `least` to `most` if there is such a subset, else nothing is chosen.
    Of equally good subsets the choice has the groups that come first.
    """
    if len(sizes) > _MOST_GROUPS:  # the memory would be the square of their number
        return _fill(sizes, min(max(round(target), least), most))
    # Bit n of the number says whether some of the later groups add up to n.
    reachable = [1]
    for size in reversed(sizes):
        reachable.append(reachable[-1] | reachable[-1] << size)
    sums = [number for number in range(least, most + 1) if reachable[-1] >> number & 1]
    left = min(sums, key=lambda number: abs(number - target), default=0)
    chosen = []
    for size, later in zip(sizes, reachable[-2::-1], strict=True):
        chosen.append(size <= left and bool(later >> (left - size) & 1))
        left -= size * chosen[-1]
    return chosen


def _fill(sizes: Sequence[int], target: int) -> list[bool]:
    """Choose the groups that come first, as far as each has room in a target."""
    chosen = []
    for size in sizes:
        chosen.append(size <= target)
        target -= size * chosen[-1]
    return chosen
