"""Checks of options; each error names the option, its bounds and its value."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from numbers import Real
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from chorale.errors import DataError, OptionError, UsageError

_LARGEST_SEED = 2**32 - 1


def check_choice(what: str, value: str, choices: Collection[str]) -> None:
    """Raise a UsageError unless a value, `what`, is one of the choices."""
    if value not in choices:
        raise UsageError(f"expected {what} out of {', '.join(choices)}, got {value!r}")


def check_at_least(options: Any, **least: float) -> None:
    """Raise a UsageError unless each named option is finite and at least its bound."""
    for name, low in least.items():
        if (value := _number(options, name)) < low:
            raise OptionError(name, f"expected {{}} of at least {low}, got {value}")


def check_at_most(options: Any, **most: float) -> None:
    """Raise a UsageError unless each named option is finite, at most its bound."""
    for name, high in most.items():
        if (value := _number(options, name)) > high:
            raise OptionError(name, f"expected {{}} of at most {high}, got {value}")


def check_above_zero(options: Any, *names: str) -> None:
    """Raise a UsageError unless each named option is finite and above 0."""
    for name in names:
        if (value := _number(options, name)) <= 0:
            raise OptionError(name, f"expected {{}} above 0, got {value}")


def check_shares(options: Any, *names: str) -> None:
    """Raise a UsageError unless each named option is from 0 to below 1."""
    for name in names:
        if not 0 <= (value := _number(options, name)) < 1:
            raise OptionError(name, f"expected {{}} from 0 to below 1, got {value}")


def check_seed(seed: int) -> None:
    """Raise a UsageError unless a seed is from 0 to 2**32 - 1, valid everywhere."""
    if not 0 <= seed <= _LARGEST_SEED:
        side = "least 0" if seed < 0 else f"most {_LARGEST_SEED}"
        raise OptionError("seed", f"expected {{}} of at {side}, got {seed}")


def check_types(values: Any) -> None:
    """Check a dataclass that was read from a file against its annotations.

    Numbers, text, lists, mappings, and dataclasses within it are checked; annotations
    of other types are not.

    Raises:
        DataError: a field of another type, by name.
    """
    hints = get_type_hints(type(values))
    for each in fields(values):
        value = getattr(values, each.name)
        if not _fits(value, hints[each.name]):
            shown = repr(value)
            shown = shown if len(shown) <= 40 else f"{shown[:39]}…"
            raise DataError(f"expected {each.name} of type {each.type}, got {shown}")
        if is_dataclass(value):
            check_types(value)


def _number(options: Any, name: str) -> float:
    """Return an option, or raise an OptionError unless it is a finite number."""
    value: float = getattr(options, name)
    if not isinstance(value, Real) or not abs(value) < math.inf:
        raise OptionError(name, f"expected a finite number as {{}}, got {value!r}")
    return value


def _fits(value: Any, hint: Any) -> bool:
    """Return whether a value has a type as it is annotated."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in inner)
    if origin is tuple and inner[-1:] != (...,):
        return isinstance(value, tuple) and (
            len(value) == len(inner) and all(map(_fits, value, inner))
        )
    if origin in (tuple, list, Sequence):
        kinds = (list, tuple) if origin is Sequence else (origin,)
        return isinstance(value, kinds) and all(_fits(each, inner[0]) for each in value)
    if origin in (dict, Mapping):
        return isinstance(value, dict) and all(
            _fits(key, inner[0]) and _fits(each, inner[1])
            for key, each in value.items()
        )
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if hint in (str, bool, NoneType) or is_dataclass(hint):
        return isinstance(value, hint)
    return True
