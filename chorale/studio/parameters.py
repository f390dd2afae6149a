"""Parameters of what the studio does: their names, bounds, defaults and meaning.

One table reads the options of jobs and the query parameters of editors, and describes
them in the OpenAPI document, so that none of these can say something else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chorale.corpus.seeds import NO_SEED
from chorale.errors import UsageError
from chorale.models.storage import DEFAULT_MODEL, NEXT_STEP
from chorale.music.voices import VOICE_NAMES
from chorale.sampling import rewriting
from chorale.sampling.logits import RULES_MODES
from chorale.sampling.next_step import SamplingOptions
from chorale.studio.model_cache import model_names

MOST_BARS_TO_WRITE = 128  # of a piece to be written; the longest chorales have about 60
MOST_STEPS_TO_WRITE = 4096  # of such a piece: as many bars of 8/4
MOST_VARIATIONS = 8
_DEFAULTS = SamplingOptions()
_SHOWN = 40  # characters of a value in a message
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
        least, most: bounds of a number, inclusive; the longest text.
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
            elif len(value) > min(self.most, 1000):
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


# === The parameters ===

VARIATIONS = Parameter(
    name="variations",
    summary="Number of pieces to choose from.",
    kind=int,
    default=1,
    least=1,
    most=MOST_VARIATIONS,
)
TEMPERATURE = Parameter(
    name="temperature",
    summary="Below 1 the notes are more predictable, above 1 more surprising.",
    kind=float,
    default=_DEFAULTS.temperature,
    least=0.1,
    most=3,
)
RULES = Parameter(
    name="rules",
    summary="Part-writing: off ignores its rules, lenient makes notes that break one "
    "less likely, strict rules them out.",
    default=_DEFAULTS.rules,
    choices=lambda: RULES_MODES,
)
TOP_P = Parameter(
    name="top_p",
    summary="Draw only from the most likely notes that together have this "
    "probability; 1 draws from all.",
    kind=float,
    default=_DEFAULTS.top_p,
    least=0.01,
    most=1,
)
GUIDANCE = Parameter(
    name="guidance",
    summary="Next-step models: how much the key decides how the last bars go on; 0 "
    "follows the model alone.",
    kind=float,
    default=_DEFAULTS.guidance,
    least=0,
    most=10,
)
PARTICLES = Parameter(
    name="particles",
    summary="Next-step models: number of drafts side by side that are selected by how "
    "well they lead to the given notes. More are slower and fit better.",
    kind=int,
    least=1,
    most=64,
)
RANDOM_STATE = Parameter(
    name="random_state",
    summary="Seed of all randomness: another number gives another piece.",
    kind=int,
    default=_DEFAULTS.random_state,
    least=0,
    most=2**32 - 1,
)
VOICE = Parameter(
    name="voice",
    summary="Voice of the melody.",
    default=VOICE_NAMES[0],
    choices=lambda: VOICE_NAMES,
)
SEED = Parameter(
    name="seed",
    summary="Number of a seed, a bundled chorale such as bwv253, or none for no "
    "opening.",
    default="1",
    pattern=rf"{NO_SEED}|\d{{1,4}}|[bB][wW][vV] ?[\w.-]{{1,16}}",
)
BARS = Parameter(
    name="bars",
    summary="Length of the whole piece in bars.",
    kind=int,
    least=1,
    most=MOST_BARS_TO_WRITE,
)
OPENING = Parameter(
    name="opening",
    summary="Bars of the seed to keep at the beginning.",
    kind=int,
    least=1,
    most=MOST_BARS_TO_WRITE,
)
PASSAGE_BARS = Parameter(
    name="bars",
    summary="Bars to rewrite, such as 5-8 or 1,5-8; 0 is the pickup.",
    pattern=r"\s*\d{1,6}\s*(-\s*\d{1,6}\s*)?(,\s*\d{1,6}\s*(-\s*\d{1,6}\s*)?)*",
)
DISTANCE = Parameter(
    name="distance",
    summary="Share of the passage that differs from what it was, and between any two "
    "variations, where the model has such notes; 0 asks for no difference.",
    kind=float,
    default=rewriting.DISTANCE,
    least=0,
    most=1,
)
_NAMED = f"({'|'.join(VOICE_NAMES)})"
PASSAGE_VOICES = Parameter(
    name="voices",
    summary=f"Voices to rewrite, any of {', '.join(VOICE_NAMES)}, separated by commas.",
    pattern=rf"\s*{_NAMED}\s*(,\s*{_NAMED}\s*)*",
)


def _model(kind: str | None = None) -> Parameter:
    return Parameter(
        name="model",
        summary="Name of a trained model.",
        default=DEFAULT_MODEL,
        choices=lambda: model_names(kind),
    )


def _best_of(default: int) -> Parameter:
    return Parameter(
        name="best_of",
        summary="Number of pieces drawn for each one that is kept; the judge keeps "
        "one that ends on a cadence, breaks few rules and is typical of Bach.",
        kind=int,
        default=default,
        least=1,
        most=MOST_VARIATIONS,
    )


def options_of(kind: str | None, best_of: int) -> tuple[Parameter, ...]:
    """Return the options of an action.

    Args:
        kind: of its models; None for either.
        best_of: the default, as of the command.
    """
    shared = (TEMPERATURE, RULES, RANDOM_STATE, TOP_P, GUIDANCE)
    # New pieces have no given notes to lead to.
    own = () if kind == NEXT_STEP else (PARTICLES,)
    return (_model(kind), VARIATIONS, _best_of(best_of), *shared, *own)


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
