"""Fields of options dataclasses that carry the help of their command-line option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass
from typing import Any, TypeVar

T = TypeVar("T")


def option(default: T, help: str, *, advanced: bool = False) -> T:
    """Return a dataclass field with the help of its command-line option.

    The help has unit or range; `advanced` options are in a panel of their own.
    """
    return field(default=default, metadata={"help": help, "advanced": advanced})


def option_help(options: type[Any]) -> dict[str, Mapping[str, Any]]:
    """Return `help` and `advanced` of the documented fields of a dataclass, by name.

    A field that a subclass defines again, for another default, keeps its help.
    """
    bases = [base for base in reversed(options.__mro__) if is_dataclass(base)]
    described = {
        each.name: each.metadata
        for base in bases
        for each in fields(base)
        if each.metadata
    }
    return {
        each.name: described[each.name]
        for each in fields(options)
        if each.name in described
    }
