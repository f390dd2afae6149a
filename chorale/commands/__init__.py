"""The command line: one file per command, one folder per family of commands.

A command is imported when it is used: it waits for nothing that only others need, and
`chorale --help` for none of them. Errors that users can cause print one line on stderr,
with exit code 1, or 2 for wrong usage.
"""

from __future__ import annotations

import sys
from typing import NoReturn, cast

import typer
from typer.core import TyperGroup
from typer.main import get_command

from chorale.commands.lazy import LazyCommand
from chorale.commands.standard_streams import (
    describe_os_error,
    discard_stdout,
    prepare_streams,
)
from chorale.errors import (
    ChoraleError,
    OptionError,
    OutputError,
    StoppedError,
    UsageError,
)
from chorale.utils.quiet_tensorflow import quieten_tensorflow
from chorale.version import __version__

app = typer.Typer(
    name="chorale",
    help="Learn from Bach's four-part chorales and write new ones.",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"chorale {__version__}")
        raise typer.Exit


@app.callback()
def _chorale(
    version: bool = typer.Option(
        False,
        "--version",
        callback=_print_version,
        is_eager=True,
        help="Print the version and exit.",
    ),
) -> None:
    """Learn from Bach's four-part chorales and write new ones."""


# The help of each command begins with its summary.
_PANELS = {
    "Write chorales": {
        "studio": "Open the studio: see, hear and change chorales in the browser, "
        "offline.",
        "generate": "Write new chorales.",
        "harmonize": "Harmonize a melody: write the other three voices.",
        "rewrite": "Rewrite some bars or voices of a piece; keep every other note.",
        "seeds": "List the chorales to start from: the test split, unseen in training.",
        "convert": "Convert a chorale between file formats, to a WAV recording or a "
        "picture.",
        "examples": "Copy sample files: melodies, a hymn, an exercise, a drawing, a "
        "series.",
    },
    "Check and measure": {
        "check": "Check the part-writing of chorales.",
        "judge": "Compare chorales with Bach's: style, part-writing, endings, copying.",
        "evaluate": "Print the likelihood of a corpus in nats per note; lower is "
        "better.",
        "benchmark": "Measure how fast chorale is on this machine, beside other "
        "programs.",
    },
    "Train": {
        "train": "Train a network on a corpus; write a run folder with the model.",
        "calibrate": "Correct how far a model trusts what it knows of its pieces.",
        "critic": "Fit the critic of a model, which then steers what it writes.",
        "models": "List the bundled models and yours, with their figures on the valid "
        "split.",
        "corpus": "Import, describe or build a corpus.",
    },
    "Series and drawings": {
        "forecast": "Forecast time series, synthetic or your own, with every network.",
        "sketch": "Classify drawings; train and evaluate classifiers.",
    },
}
# Families of commands, and what their files call them.
_FAMILIES = {"corpus": "family", "forecast": "family", "sketch": "family"}

program = cast(TyperGroup, get_command(app))
for _panel, _commands in _PANELS.items():
    for _name, _summary in _commands.items():
        _place = f"chorale.commands.{_name}:{_FAMILIES.get(_name, _name)}"
        program.add_command(LazyCommand(_name, _place, _summary, _panel))

# Base class of typer's errors of usage, which typer does not export.
_WrongUsage = cast(type[Exception], typer.BadParameter.__base__)


def main() -> None:
    """Run the command line; exit with 0, 1 (failed), 2 (wrong usage), 130 (Ctrl-C)."""
    prepare_streams()
    quieten_tensorflow()
    try:
        exit_code = program(sys.argv[1:] or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except OptionError as error:
        _fail(error.on_command_line(_options), error.exit_code)
    except ChoraleError as error:
        _fail(str(error), error.exit_code)
    except _WrongUsage as error:
        message: str = error.format_message()  # type: ignore[attr-defined]
        if not message:  # a group without a command: its help has been printed
            sys.exit(UsageError.exit_code)
        _fail(f"{message.rstrip('.')} (see --help)", UsageError.exit_code)
    except BrokenPipeError:  # the program that reads has seen enough, as head does
        discard_stdout()
        sys.exit(OutputError.exit_code)
    except OSError as error:
        _fail(describe_os_error(error), OutputError.exit_code)
    except KeyboardInterrupt:
        exit_code = StoppedError.exit_code
    if exit_code == StoppedError.exit_code:  # of typer, after Ctrl-C
        _fail("stopped", exit_code)
    sys.exit(exit_code)


# Options that are not called like the fields of the dataclasses that hold them.
_SHORT = {
    "variations": "-n",
    "count": "-n",
    "body": "--network",
    "parts": "--parts (or --track)",
}


def _options(field: str) -> str:
    """Return the option for a field such as `random_state`."""
    return _SHORT.get(field, f"--{field.replace('_', '-')}")


def _fail(message: str, exit_code: int) -> NoReturn:
    typer.echo(f"chorale: {message}", err=True)
    sys.exit(exit_code)
