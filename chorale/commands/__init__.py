"""The command line: one file per command, each a thin shell over the public functions.

Nothing heavy is imported before a command runs, so that `chorale --help` is instant;
everything that a user can cause ends in one line on stderr and exit code 1 or 2.
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


app.command()(generate.generate)
app.command()(harmonize.harmonize)
app.command()(rewrite.rewrite)
app.command()(evaluate.evaluate)
app.command()(judge.judge)
app.command()(check.check)
app.command()(convert.convert)
app.command()(seeds.seeds)
app.command()(models.models)
app.command()(train.train)
app.add_typer(corpus.app, name="corpus")
app.add_typer(forecast.app, name="forecast")
app.add_typer(sketch.app, name="sketch")


# What typer raises for every option and argument that makes no sense.
_WrongUsage = cast(type[Exception], typer.BadParameter.__base__)

_INTERRUPTED = 130  # what typer makes of Ctrl-C


def main() -> None:
    """Run the command line and exit with 0, 1 (it failed) or 2 (wrong usage)."""
    try:
        exit_code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except ChoraleError as error:
        _fail(str(error), error.exit_code)
    except _WrongUsage as error:
        message: str = error.format_message()  # type: ignore[attr-defined]
        if not message:  # no command: its help has been printed
            sys.exit(UsageError.exit_code)
        _fail(f"{message.rstrip('.')} (see --help)", UsageError.exit_code)
    except OSError as error:
        # The interpreter must not try once more, at exit, to write what is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _fail(f"cannot write the answer: {error.strerror}", OutputError.exit_code)
    except KeyboardInterrupt:
        exit_code = _INTERRUPTED
    if exit_code == _INTERRUPTED:
        _fail("stopped", ChoraleError.exit_code)
    sys.exit(exit_code)


def _fail(message: str, exit_code: int) -> NoReturn:
    typer.echo(f"chorale: {message}", err=True)
    sys.exit(exit_code)
