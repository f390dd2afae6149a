"""The option --plugin of commands that build networks: a module of the user's own."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Annotated

import typer

from chorale.errors import UsageError
from chorale.models.options import INFILLERS
from chorale.nn.plugins import MAIN, import_plugin, plugin_module

PluginModule = Annotated[
    str | None,
    typer.Option(
        "--plugin",
        metavar="MODULE",
        help="Python module with a network of your own (chorale.register_body), "
        "installed or in the working folder; choose the network by --network.",
        rich_help_panel="Network",
    ),
]


def use_plugin(
    typed: str | None, network: str, begun: str, resume_words: Sequence[str]
) -> None:
    """Import the plugin that was typed, and check that the network's is loaded.

    Args:
        typed: the module that was typed, if any.
        network: its name, typed or that of the resumed run.
        begun: the plugin of the resumed run; empty if there is none.
        resume_words: the command that resumes, without the plugin.

    Raises:
        UsageError: the plugin cannot be imported, has not the network, or is missing.
    """
    names = import_plugin(typed) if typed else []
    if reserved := [name for name in names if name in INFILLERS]:
        raise UsageError(
            f"the plugin {typed} registers {reserved[0]}, the name of an infiller: "
            "register it under another name"
        )
    if typed and network not in names:
        raise UsageError(
            f"the plugin {typed} registers {', '.join(names)}, but the network to "
            f"train is {network}: choose one by --network {names[0]}, or leave "
            "--plugin out"
        )
    if begun and plugin_module(network) is None:
        command = shlex.join([*resume_words, "--plugin", begun])
        if begun == MAIN:
            command = "define it in a script or notebook and use resume_training there"
        raise UsageError(
            f"the run's network {network} comes from the plugin {begun}, which "
            f"resuming needs: {command}"
        )
