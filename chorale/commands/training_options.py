"""What `train` and `sketch train` share: options, checks, and how a run is reported.

Options of networks and trainings are defined once, as fields of the dataclasses that
the library reads (`chorale.utils.options`). `with_options` makes command-line options
of them.
"""

from __future__ import annotations

import contextlib
import inspect
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from chorale.commands.options import names_typed
from chorale.errors import ChoraleError, UsageError
from chorale.nn.runs import Run, plot_history
from chorale.utils.extras import require
from chorale.utils.options import option_help

T = TypeVar("T")
# Order of the groups of options in --help, after those of the command itself.
_PANELS = ("Training", "Network", "Advanced")

Output = Annotated[Path, typer.Option(help="Folder of the run.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Continue the run in the folder --output.")
]
Finish = Annotated[
    bool,
    typer.Option(
        "--finish",
        help="With --resume: stop training and store the best epoch as the model.",
    ),
]
Tensorboard = Annotated[
    bool,
    typer.Option(
        "--tensorboard", help="Write metrics for TensorBoard to OUTPUT/tensorboard."
    ),
]
Plot = Annotated[
    bool, typer.Option("--plot", help="Draw learning curves to OUTPUT/curves.png.")
]


def with_options(*groups: type[Any]) -> Callable[[T], T]:
    """Give a command an option for each documented field of options dataclasses.

    The command takes the values as `**options`.

    Args:
        groups: dataclasses with fields made by `chorale.utils.options.option`.
    """
    added = []
    for group in groups:
        types = get_type_hints(group)
        for name, about in option_help(group).items():
            option = typer.Option(help=about["help"], rich_help_panel=about["panel"])
            added.append(
                inspect.Parameter(
                    name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=getattr(group, name),
                    annotation=Annotated[types[name], option],
                )
            )

    def decorate(command: T) -> T:
        function: Any = command
        signature = inspect.signature(function, eval_str=True)
        own = [
            parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for parameter in signature.parameters.values()
            if parameter.kind is not inspect.Parameter.VAR_KEYWORD
        ]
        parameters = sorted([*own, *added], key=_panel)
        function.__signature__ = signature.replace(parameters=parameters)
        return command

    return decorate


def _panel(parameter: inspect.Parameter) -> int:
    """Return the place of a parameter's panel in --help."""
    for option in getattr(parameter.annotation, "__metadata__", ()):
        if option.rich_help_panel is not None:
            return _PANELS.index(option.rich_help_panel)
    return -1


def options_typed(context: typer.Context) -> dict[str, Any]:
    """Return the values of the options that were typed, by name."""
    return {name: context.params[name] for name in names_typed(context)}


def chosen(options: type[T], typed: Mapping[str, Any]) -> T:
    """Return options with the typed values of their fields, defaults elsewhere."""
    names = [field.name for field in fields(options) if field.name in typed]  # type: ignore[arg-type]
    return options(**{name: typed[name] for name in names})


def check_flags(*, resume: bool, finish: bool, plot: bool) -> None:
    """Refuse impossible flags before anything is read.

    Raises:
        UsageError: --finish without --resume.
        MissingExtraError: --plot without matplotlib.
    """
    if finish and not resume:
        raise UsageError("--finish is for a run that was begun: add --resume")
    if plot:
        require("plot", "drawing pictures")


@contextlib.contextmanager
def interruptible(words: Sequence[str]) -> Iterator[None]:
    """Turn Ctrl-C during training into one line that says how to resume."""
    try:
        yield
    except KeyboardInterrupt:
        raise ChoraleError(f"stopped; go on with: {shlex.join(words)}") from None


def check_same(
    typed: Sequence[str], asked: Mapping[str, Any], begun: Mapping[str, Any]
) -> None:
    """Refuse typed options that differ from those of the resumed run.

    Args:
        typed: names of the options.
        asked: their values and those of others, by name.
        begun: values of the run, by name; options that are not there may differ.

    Raises:
        UsageError: an option differs.
    """
    for name in typed:
        if name in begun and asked[name] != begun[name]:
            raise UsageError(
                f"the run was begun with {name.replace('_', '-')} {begun[name]}, not "
                f"{asked[name]}: leave the option out, or start a new run"
            )


def report_run(output: Path, monitor: str, *, plot: bool) -> None:
    """Print where the model is, and where the curves, which are drawn on demand."""
    if plot:
        typer.echo(f"curves  {plot_history(Run(output), monitor)}")
    typer.echo(f"model   {output / 'model'}")


def command_line(context: typer.Context, words: str) -> str:
    """Return a command line that repeats the run.

    Args:
        context: of the command; it takes options only.
        words: the command.
    """
    line = shlex.split(words)
    for name, value in options_typed(context).items():
        option = f"--{name.replace('_', '-')}"
        if name == "output":
            value = Path(value).name
        if isinstance(value, bool):
            line.append(option if value else option.replace("--", "--no-", 1))
            continue
        for each in value if isinstance(value, list | tuple) else [value]:
            line += [option, str(each)]
    return shlex.join(line)
