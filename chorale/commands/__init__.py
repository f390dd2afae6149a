"""The command line: one file per command, one folder per family of commands.

Nothing heavy is imported before a command runs, so that `chorale --help` is instant.
Errors that users can cause print one line on stderr, with exit code 1, or 2 for wrong
usage.
"""

from __future__ import annotations

import sys
from typing import NoReturn, cast

import typer

from chorale.commands import (
    check,
    convert,
    corpus,
    evaluate,
    examples,
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
        examples.examples,
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


def main() -> None:
    """Run the command line; exit with 0, 1 (failed), 2 (wrong usage), 130 (Ctrl-C)."""
    prepare_streams()
    quieten_tensorflow()
    try:
        exit_code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
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
