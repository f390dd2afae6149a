"""A parameter: how the value of a job or of a query is read, checked and described."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chorale.errors import UsageError

_SHOWN = 40  # characters of a value in a message
_LONGEST = 1000  # characters of a text without choices, unless its bound is lower
_TYPES: dict[type, tuple[str, str]] = {
    int: ("integer", "a whole number"),
    float: ("number", "a number"),
    str: ("string", "text"),
}


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A named value.

    Attributes:
        name: of the field, or of the query parameter.
        summary: what it does, without its bounds.
        kind: int, float or str.
        default: None for an optional parameter without one.
        least, most: bounds of a number, inclusive; `most` is also the number of
            characters of the longest text.
        choices: returns the texts to choose from; None for any.
        pattern: regular expression of a text; empty for any.
    """

    name: str
    summary: str
    kind: type = str
    default: Any = None
    least: float = -math.inf
    most: float = math.inf
    choices: Callable[[], Sequence[str]] | None = None
    pattern: str = ""

    def read(self, value: object) -> Any:
        """Return a value of JSON, the default for None.

        Raises:
            UsageError: it has another type or is out of bounds.
        """
        if value is None:
            return self.default
        is_right = isinstance(value, self.kind) and not isinstance(value, bool)
        if self.kind is float:
            is_right |= isinstance(value, int) and not isinstance(value, bool)
        if not is_right:
            raise UsageError(self._expected(value))
        if isinstance(value, str):
            if self.choices is not None:
                if value not in self.choices():
                    raise UsageError(self._expected(value))
            elif len(value) > min(self.most, _LONGEST):
                raise UsageError(self._expected(value))
            if self.pattern and not re.fullmatch(self.pattern, value):
                raise UsageError(self._expected(value))
            return value
        if not self.least <= value <= self.most:  # type: ignore[operator]
            raise UsageError(self._expected(value))
        return self.kind(value)

    def parse(self, text: str) -> Any:
        """Return the value of the text of a query parameter.

        Raises:
            UsageError: as `read`.
        """
        if self.kind is str:
            return self.read(text)
        pattern = r"[+-]?\d{1,12}" if self.kind is int else r"[+-]?[\d.eE+-]{1,30}"
        try:
            value = self.kind(text) if re.fullmatch(pattern, text.strip()) else text
        except ValueError:
            value = text
        return self.read(value)

    def schema(self) -> dict[str, Any]:
        """Return its schema for OpenAPI 3.1."""
        schema: dict[str, Any] = {"type": _TYPES[self.kind][0]}
        if self.kind is not str:
            if math.isfinite(self.least):
                schema["minimum"] = self.least
            if math.isfinite(self.most):
                schema["maximum"] = self.most
        if self.choices is not None:
            schema["enum"] = list(self.choices())
        if self.pattern:
            schema["pattern"] = f"^(?:{self.pattern})$"
        if self.default is not None:
            schema["default"] = self.default
        return schema

    def _expected(self, value: object) -> str:
        wanted = _TYPES[self.kind][1]
        if self.choices is not None:
            wanted = f"one of {', '.join(self.choices())}"
        elif self.kind is not str:
            wanted += f" from {self.least:g} to {self.most:g}"
        elif self.pattern:
            wanted = self.summary[:1].lower() + self.summary[1:].rstrip(".")
        shown = ascii(value)
        shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."
        return f"expected {self.name} to be {wanted}, got {shown}"


def read_all(
    parameters: Sequence[Parameter],
    values: Mapping[str, object],
    what: str,
    *,
    others: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the values of parameters by name.

    Args:
        parameters: all that there are.
        values: of JSON.
        what: has these values, for messages.
        others: names that are read elsewhere.

    Raises:
        UsageError: a value is out of bounds, or has a name that there is not.
    """
    _check_names(parameters, values, what, others)
    return {each.name: each.read(values.get(each.name)) for each in parameters}


def parse_all(
    parameters: Sequence[Parameter], query: Mapping[str, str], what: str
) -> dict[str, Any]:
    """Return the values of query parameters by name; otherwise as `read_all`."""
    _check_names(parameters, query, what, ())
    return {
        each.name: each.parse(query[each.name]) if each.name in query else each.default
        for each in parameters
    }


def _check_names(
    parameters: Sequence[Parameter],
    values: Mapping[str, object],
    what: str,
    others: Sequence[str],
) -> None:
    known = [*others, *(each.name for each in parameters)]
    for name in values:
        if name not in known:
            shown = ascii(name)[:_SHOWN]
            raise UsageError(f"expected {what} with {', '.join(known)}, got {shown}")
