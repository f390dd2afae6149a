"""Help panels, options and checks that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

# Panels of the help; options without one come first.
OUTPUT = "Output"
SAMPLING = "Sampling"
ADVANCED = "Advanced"

Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Overwrite files of the same name. Otherwise a number is appended to new "
        "names, and files that you name yourself are not overwritten.",
        rich_help_panel=OUTPUT,
    ),
]


def names_typed(context: typer.Context) -> list[str]:
    """Return the names of the options and arguments on the command line."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    return [
        name
        for name, source in sources.items()
        if source is not None and source.name == "COMMANDLINE"
    ]


def option_name(context: typer.Context, name: str) -> str:
    """Return the option of a parameter, such as `--top-p`."""
    parameters = {parameter.name: parameter for parameter in context.command.params}
    return parameters[name].opts[0]
