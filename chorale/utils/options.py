"""Fields of options dataclasses that carry the help of their command-line option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass
from typing import Any, TypeVar

T = TypeVar("T")


def option(default: T, help: str, panel: str) -> T:
    """Return a dataclass field with the help of its command-line option.

    Args:
        default: of the field.
        help: what the option does, with unit or range.
        panel: the group of options in `--help` that lists it.
    """
    return field(default=default, metadata={"help": help, "panel": panel})


def option_help(options: type[Any]) -> dict[str, Mapping[str, str]]:
    """Return `help` and `panel` of the documented fields of a dataclass, by name.

    A field that a subclass defines again, for another default, keeps its help.
    """
    found: dict[str, Mapping[str, str]] = {}
    for base in reversed(options.__mro__):
        for each in fields(base) if is_dataclass(base) else ():
            if each.metadata:
                found[each.name] = each.metadata
    return {
        each.name: found[each.name] for each in fields(options) if each.name in found
    }
