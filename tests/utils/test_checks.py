"""Options refused by name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from chorale.errors import DataError, UsageError
from chorale.sketches.options import NetworkOptions, TrainingOptions
from chorale.utils.checks import check_types

OPTIONS = (
    (TrainingOptions, {"epochs": 0}, "epochs of at least 1, got 0"),
    (TrainingOptions, {"augment": -0.1}, "augment of at least 0, got -0.1"),
    (TrainingOptions, {"augment": math.nan}, "finite number as augment, got nan"),
    (TrainingOptions, {"weight_decay": math.inf}, "number as weight_decay, got inf"),
    (TrainingOptions, {"learning_rate": 0.0}, "learning_rate above 0, got 0.0"),
    (TrainingOptions, {"clip_norm": math.nan}, "finite number as clip_norm, got nan"),
    (TrainingOptions, {"clip_norm": "1"}, "finite number as clip_norm, got '1'"),
    (TrainingOptions, {"seed": -1}, "seed of at least 0, got -1"),
    (TrainingOptions, {"seed": 2**32}, "seed of at most 4294967295, got 4294967296"),
    (NetworkOptions, {"units": 0}, "units of at least 1, got 0"),
    (NetworkOptions, {"dropout": 1.0}, "dropout from 0 to below 1, got 1.0"),
    (NetworkOptions, {"network": "cnn"}, "out of conv-lstm, book, got 'cnn'"),
)


@pytest.mark.parametrize(("options", "changes", "message"), OPTIONS)
def test_what_makes_no_sense_is_refused_by_name(options, changes, message) -> None:
    with pytest.raises(UsageError, match=message):
        options(**changes)


def test_the_limits_themselves_are_accepted() -> None:
    TrainingOptions(epochs=1, augment=0, weight_decay=0, seed=2**32 - 1)
    NetworkOptions(units=1, layers=1, dropout=0)


# === Types of what was read from a file ===


@dataclass(frozen=True, kw_only=True)
class Inner:
    share: float = 0.5
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outer:
    count: int = 1
    limit: int | None = None
    is_open: bool = False
    pairs: tuple[tuple[int, int], ...] = ()
    rows: Sequence[Mapping[str, float]] = ()
    inner: Inner = Inner()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"limit": 3, "is_open": True, "pairs": ((1, 2), (3, 4))},
        {"rows": [{"loss": 1, "nats": 0.5}]},
        {"inner": Inner(share=1, names=("a", "b"))},
    ],
)
def test_values_of_their_types_pass(changes: dict[str, Any]) -> None:
    check_types(Outer(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": 1.5}, "expected count of type int, got 1.5"),
        ({"count": True}, "expected count"),
        ({"count": "1"}, "expected count of type int, got '1'"),
        ({"limit": "none"}, "expected limit of type int | None, got 'none'"),
        ({"is_open": 1}, "expected is_open"),
        ({"pairs": ((1, 2, 3),)}, "expected pairs"),
        ({"pairs": ([1, 2],)}, "expected pairs"),
        ({"rows": "ab"}, "expected rows"),
        ({"rows": [{"loss": None}]}, "expected rows"),
        ({"rows": [["loss"]]}, "expected rows"),
        ({"inner": None}, "expected inner"),
        ({"inner": Inner(share="all")}, "expected share"),  # type: ignore[arg-type]
        ({"inner": Inner(names=("a", 3))}, "expected names"),  # type: ignore[arg-type]
        ({"count": "x" * 100}, "x…$"),
    ],
)
def test_values_of_other_types_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message.replace("|", r"\|")):
        check_types(Outer(**changes))
