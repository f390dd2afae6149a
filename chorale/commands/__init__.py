"""The command line: one file per command, one folder per family of commands.

Nothing heavy is imported before a command runs, so that `chorale --help` is instant.
Errors that users can cause print one line on stderr, with exit code 1, or 2 for wrong
usage.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn, cast

import typer

from chorale.commands import (
    check,
    convert,
    corpus,
    evaluate,
    forecast,
    generate,
    harmonize,
    judge,
    models,
    rewrite,
    seeds,
    sketch,
    train,
)
from chorale.errors import ChoraleError, OutputError, UsageError
from chorale.version import __version__

app = typer.Typer(
    name="chorale",
    help="Learn from Bach's four-part chorales and write new ones.",
    pretty_exceptions_enable=False,
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


_PANELS = {
    "Write chorales": (
        generate.generate,
        harmonize.harmonize,
        rewrite.rewrite,
        seeds.seeds,
        convert.convert,
    ),
    "Check and measure": (check.check, judge.judge, evaluate.evaluate),
    "Train": (train.train, models.models),
}
for _panel, _functions in _PANELS.items():
    for _function in _functions:
        app.command(rich_help_panel=_panel)(_function)
app.add_typer(corpus.app, name="corpus", rich_help_panel="Train")
app.add_typer(forecast.app, name="forecast", rich_help_panel="Series and drawings")
app.add_typer(sketch.app, name="sketch", rich_help_panel="Series and drawings")

# Base class of typer's errors of usage, which typer does not export.
_WrongUsage = cast(type[Exception], typer.BadParameter.__base__)

_INTERRUPTED = 130  # exit code of typer after Ctrl-C


def main() -> None:
    """Run the command line and exit with 0, 1 (failed) or 2 (wrong usage)."""
    try:
        exit_code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except ChoraleError as error:
        _fail(str(error), error.exit_code)
    except _WrongUsage as error:
        message: str = error.format_message()  # type: ignore[attr-defined]
        if not message:  # a group without a command: its help has been printed
            sys.exit(UsageError.exit_code)
        _fail(f"{message.rstrip('.')} (see --help)", UsageError.exit_code)
    except OSError as error:
        # Otherwise the interpreter tries to flush stdout again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _fail(f"cannot write to stdout: {error.strerror}", OutputError.exit_code)
    except KeyboardInterrupt:
        exit_code = _INTERRUPTED
    if exit_code == _INTERRUPTED:
        _fail("stopped", ChoraleError.exit_code)
    sys.exit(exit_code)


def _fail(message: str, exit_code: int) -> NoReturn:
    typer.echo(f"chorale: {message}", err=True)
    sys.exit(exit_code)
