"""Checks of options; each error names the option, its bounds and its value."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

from chorale.errors import UsageError

_LARGEST_SEED = 2**32 - 1


def check_choice(what: str, value: str, choices: Collection[str]) -> None:
    """Raise a UsageError unless a value, `what`, is one of the choices."""
    if value not in choices:
        raise UsageError(f"expected {what} out of {', '.join(choices)}, got {value!r}")


def check_at_least(options: Any, **least: float) -> None:
    """Raise a UsageError unless each named option is finite and at least its bound."""
    for name, low in least.items():
        if not low <= getattr(options, name) < math.inf:
            raise UsageError(
                f"expected {name} of at least {low}, got {getattr(options, name)}"
            )


def check_above_zero(options: Any, *names: str) -> None:
    """Raise a UsageError unless each named option is finite and above 0."""
    for name in names:
        if not 0 < getattr(options, name) < math.inf:
            raise UsageError(f"expected {name} above 0, got {getattr(options, name)}")


def check_shares(options: Any, *names: str) -> None:
    """Raise a UsageError unless each named option is from 0 to below 1."""
    for name in names:
        if not 0 <= getattr(options, name) < 1:
            raise UsageError(
                f"expected {name} from 0 to below 1, got {getattr(options, name)}"
            )


def check_seed(seed: int) -> None:
    """Raise a UsageError unless a seed is from 0 to 2**32 - 1, valid everywhere."""
    if not 0 <= seed <= _LARGEST_SEED:
        side = "least 0" if seed < 0 else f"most {_LARGEST_SEED}"
        raise UsageError(f"expected seed of at {side}, got {seed}")
