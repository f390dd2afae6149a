"""Groups of commands that are imported when they are used.

The help of a group lists the summaries of its commands, so that it needs none of them.
"""

from __future__ import annotations

from functools import cached_property
from inspect import cleandoc
from keyword import iskeyword
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

if TYPE_CHECKING:
    from collections.abc import Mapping


class LazyCommand(TyperCommand):
    """A command, or a group of commands, whose module is imported when it is used.

    Args:
        name: on the command line.
        place: of its function, its Typer application or its group, such as
            `chorale.commands.seeds:seeds`.
        summary: the first paragraph of its help.
        panel: of the list of commands; None for the default panel.
    """

    def __init__(
        self, name: str, place: str, summary: str, panel: str | None = None
    ) -> None:
        super().__init__(name, help=summary, rich_help_panel=panel)
        self.place = place

    @cached_property
    def loaded(self) -> Any:
        """The command or the group itself, with its options and its whole help."""
        found = resolve_name(self.place)
        if isinstance(found, TyperGroup):
            return found
        if not isinstance(found, typer.Typer):
            app = typer.Typer(add_completion=False)
            app.command(self.name)(found)
            found = app
        command = get_command(found)
        command.help = _unwrapped(command.help)
        return command

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Parse the words after the name, and return the context to run it in."""
        return self.loaded.make_context(*arguments, **options)


def _unwrapped(text: str | None) -> str:
    """Return paragraphs with a line each, which terminals of any width wrap well."""
    paragraphs = cleandoc(text or "").split("\n\n")
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)


def lazy_family(folder: str, summary: str, commands: Mapping[str, str]) -> TyperGroup:
    """Return a family of commands, each a function in a file of its own name.

    A name that is a keyword of Python, such as `import`, has an underscore there.

    Args:
        folder: dotted name of the package of the files.
        summary: help of the family.
        commands: the first paragraphs of their help, by name.
    """
    family = get_group(typer.Typer(help=summary, no_args_is_help=True))
    for name, text in commands.items():
        file = f"{name}_" if iskeyword(name) else name
        family.add_command(LazyCommand(name, f"{folder}.{file}:{file}", text))
    return family
