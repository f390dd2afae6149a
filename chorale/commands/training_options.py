"""What `train` and `sketch train` share: their options, and the training itself.

Options of networks and trainings are defined once, as fields of the dataclasses that
the library reads (`chorale.utils.options`). `with_options` makes command-line options
of them.
"""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints

import typer

from chorale.commands.options import names_typed, option_name
from chorale.commands.printing import print_remarks
from chorale.commands.progress import EpochLines
from chorale.commands.restarting import start_again
from chorale.errors import StoppedError, UsageError, WorkerLostError
from chorale.nn.cluster import Cluster
from chorale.nn.runs import Run, plot_history
from chorale.utils.checks import check_at_least
from chorale.utils.extras import require
from chorale.utils.options import option, option_help

T = TypeVar("T")
_ADVANCED = "Advanced"  # the last panel in --help: options for research

Output = Annotated[Path, typer.Option(help="Folder of the run.")]


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Options of a run that are about neither its network nor its training."""

    resume: bool = option(False, "Continue the run in the folder --output.")
    finish: bool = option(
        False, "With --resume: stop training, store the best epoch as the model."
    )
    plot: bool = option(False, "Draw learning curves to OUTPUT/curves.png.")
    tensorboard: bool = option(
        False, "Write metrics for TensorBoard to OUTPUT/tensorboard."
    )
    devices: int = option(
        1,
        "GPUs of this machine that share each batch. Several machines: the same "
        "command on each, with TF_CONFIG as TensorFlow documents it.",
    )

    def check(self) -> None:
        """Refuse impossible options before anything is read.

        Raises:
            UsageError: --finish without --resume, --resume on several machines, or a
                malformed TF_CONFIG.
            MissingExtraError: --plot without matplotlib.
        """
        if self.finish and not self.resume:
            raise UsageError("--finish is for a run that was begun: add --resume")
        check_at_least(self, devices=1)
        if Cluster.of_environment() is not None and self.resume:
            raise UsageError(
                "on several machines, the command that began a run goes on with it: "
                "repeat that, without --resume; or unset TF_CONFIG, to train here only"
            )
        if self.plot:
            require("plot", "drawing pictures")


def with_options(*groups: type[Any], **panels: type[Any]) -> Callable[[T], T]:
    """Give a command an option for each documented field of options dataclasses.

    The fields are made by `chorale.utils.options.option`; dataclasses given by name are
    in a panel of that title. The command takes the values as `**options`.
    """
    added = []
    for title, group in [*((None, group) for group in groups), *panels.items()]:
        types = get_type_hints(group)
        for name, about in option_help(group).items():
            default = getattr(group, name)
            # A flag that is off has no --no-… form.
            names = (f"--{name.replace('_', '-')}",) if default is False else ()
            panel = _ADVANCED if about["advanced"] else title
            info = typer.Option(*names, help=about["help"], rich_help_panel=panel)
            added.append(
                Parameter(
                    name,
                    Parameter.KEYWORD_ONLY,
                    default=default,
                    annotation=Annotated[types[name], info],
                )
            )
    titles = [None, *panels, _ADVANCED]

    def place(parameter: Parameter) -> int:
        infos = getattr(parameter.annotation, "__metadata__", ())
        return titles.index(infos[0].rich_help_panel if infos else None)

    def decorate(command: T) -> T:
        function: Any = command
        signature = inspect.signature(function, eval_str=True)
        own = [
            parameter.replace(kind=Parameter.KEYWORD_ONLY)
            for parameter in signature.parameters.values()
            if parameter.kind is not Parameter.VAR_KEYWORD
        ]
        parameters = sorted([*own, *added], key=place)
        function.__signature__ = signature.replace(parameters=parameters)
        return command

    return decorate


def options_typed(context: typer.Context) -> dict[str, Any]:
    """Return the values of the options that were typed, by name."""
    return {name: context.params[name] for name in names_typed(context)}


def chosen(options: type[T], values: Mapping[str, Any]) -> T:
    """Return options with the given values of their fields, defaults elsewhere."""
    names = {field.name for field in fields(options)}  # type: ignore[arg-type]
    return options(**{name: values[name] for name in names & set(values)})


def check_same(
    typed: Sequence[str], asked: Mapping[str, Any], begun: Mapping[str, Any]
) -> None:
    """Refuse typed options whose asked value differs from that of the resumed run.

    Raises:
        UsageError: an option differs.
    """
    for name in typed:
        if name in begun and asked[name] != begun[name]:
            before = "none" if begun[name] in ("", ()) else begun[name]
            raise UsageError(
                f"the run was begun with {name.replace('_', '-')} {before}, not "
                f"{asked[name]}: leave the option out, or start a new run"
            )


def train_run(
    context: typer.Context,
    command: str,
    monitor: str,
    begin: Callable[..., T],
    resume: Callable[..., T],
    data: Sequence[str] = (),
) -> T:
    """Begin or resume a run, with a line per epoch, and print where its model is.

    Args:
        context: of the command, with RunOptions and `output`.
        command: its words.
        monitor: the metric to show for each epoch.
        begin, resume: start and continue a run in the folder that is given.
        data: options that name the training data, for the command that resumes.

    Raises:
        StoppedError: Ctrl-C was pressed; the message says how to resume.
        WorkerLostError: other machines were lost again and again.
    """
    options = chosen(RunOptions, context.params)
    output = Path(context.params["output"])  # text up to typer 0.28
    cluster = Cluster.of_environment()
    with EpochLines(monitor) as progress:
        fitting = {
            "tensorboard": options.tensorboard,
            "progress": progress,
            "devices": options.devices,
            "notify": print_remarks,
        }
        try:
            if options.resume:
                card = resume(output, finish=options.finish, **fitting)
            else:
                line = command_line(context, command)
                card = begin(output, command=line, **fitting)
        except WorkerLostError as lost:
            start_again(lost, trained=progress.epochs > 0)
        except KeyboardInterrupt:
            if cluster is not None:
                raise StoppedError(
                    "stopped; go on with the same command on every machine"
                ) from None
            words = [*shlex.split(command), "--output", str(output), "--resume", *data]
            raise StoppedError(f"stopped; go on with: {shlex.join(words)}") from None
    if cluster is not None and not cluster.is_chief:
        typer.echo(f"model   kept by {cluster.chief}, {cluster.workers[cluster.chief]}")
        return card
    if options.plot:
        typer.echo(f"curves  {plot_history(Run(output), monitor)}")
    typer.echo(f"model   {output / 'model'}")
    return card


def command_line(context: typer.Context, command: str) -> str:
    """Return a command line that repeats the run of a command with options only."""
    line = shlex.split(command)
    for name, value in options_typed(context).items():
        option = option_name(context, name)
        if isinstance(value, bool):
            line.append(option if value else option.replace("--", "--no-", 1))
            continue
        for each in value if isinstance(value, list | tuple) else [value]:
            # The folders of this machine are of no use elsewhere.
            path = Path(str(each))
            is_own = name == "output" or path.is_absolute()
            line += [option, path.name if is_own else str(each)]
    return shlex.join(line)
