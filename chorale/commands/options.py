"""What the commands that train share: options typed, options of a run begun before."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import typer

from chorale.errors import UsageError


def only(options: type[Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are fields of a class of options."""
    return {field.name: wanted[field.name] for field in fields(options)}


def given(context: typer.Context) -> list[str]:
    """Return the names of the options and arguments that were typed."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [name for name, it in sources.items() if it and it.name == "COMMANDLINE"]


def check_same(
    typed: Sequence[str], asked: Mapping[str, Any], begun: Mapping[str, Any]
) -> None:
    """Refuse typed options that differ from those that a run was begun with.

    Args:
        typed: names of the options.
        asked: their values and those of others, by name.
        begun: values of the run, by name; what is not there may differ.
    """
    for name in typed:
        if name in begun and asked[name] != begun[name]:
            raise UsageError(
                f"the run was begun with {name.replace('_', '-')} {begun[name]}, not "
                f"{asked[name]}: leave the option out, or start a new run"
            )


def command_line(context: typer.Context, words: str) -> str:
    """Return the command line that makes the same run again.

    Args:
        context: of the command; all that it takes are options.
        words: the command.
    """
    line = shlex.split(words)
    for name in given(context):
        option, value = f"--{name.replace('_', '-')}", context.params[name]
        if name == "output":
            value = Path(value).name
        for one in value if isinstance(value, list) else [value]:
            line += [option] if one is True else [option, str(one)]
    return shlex.join(line)
