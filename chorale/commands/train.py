"""`chorale train`: train a network on a corpus of chorales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.plugin_option import PluginModule, use_plugin
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.commands.training_options import (
    Output,
    RunOptions,
    check_same,
    chosen,
    options_typed,
    train_run,
    with_options,
)
from chorale.corpus.loading import load_corpus, split_corpus
from chorale.encoding.plan import FEATURES
from chorale.errors import UsageError
from chorale.models.options import INFILLERS, InfillerOptions, NetworkOptions
from chorale.models.storage import Card
from chorale.nn.bodies import BODIES
from chorale.nn.runs import Run
from chorale.training.chorale_networks import resume_training, train_network
from chorale.training.distillation import teacher_remark
from chorale.training.fine_tuning import BATCH_SIZE, DROPOUT, base_options
from chorale.training.options import FULL_PLAN, CommonOptions, TrainingOptions
from chorale.training.task import MONITOR


@with_options(RunOptions, Training=TrainingOptions, Network=NetworkOptions)
def train(
    context: typer.Context,
    output: Output,
    corpus: Annotated[
        Path | None,
        typer.Option(help="Folder of chorale CSVs; default: the bundled chorales."),
    ] = None,
    network: Annotated[
        str,
        typer.Option(
            help=f"Next-step network ({', '.join(BODIES)}) or infiller "
            f"({', '.join(INFILLERS)}, with other default sizes and dropout)."
        ),
    ] = NetworkOptions.body,
    base: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Model to fine-tune, a name or folder: its network and weights, with "
            "the notes of the corpus and the features of --plan added. The defaults of "
            f"--dropout and --batch-size are {DROPOUT:g} and {BATCH_SIZE} then.",
        ),
    ] = None,
    plan: Annotated[
        str,
        typer.Option(
            help="Conditioning features of each step, separated by commas: "
            f"{', '.join(FEATURES)}. Classic CSVs know only step.",
            rich_help_panel="Training",
        ),
    ] = ",".join(FULL_PLAN),
    plugin: PluginModule = None,
    teacher: Annotated[
        list[str] | None,
        typer.Option(
            help="Model to distill from, a name or folder; several are averaged.",
            rich_help_panel="Advanced",
        ),
    ] = None,
    **options: Any,
) -> None:
    """Train a network on a corpus; write a run folder with the model.

    Example: chorale train --network gru --epochs 40 --output runs/gru

    Example: chorale train --from bach --corpus hymns --output runs/hymns
    """
    chosen(RunOptions, options).check()
    typed = options_typed(context)
    typed.pop("plugin", None)  # the network has it from where it is registered
    if "plan" in typed:
        typed["plan"] = tuple(name.strip() for name in plan.split(","))
    if "teacher" in typed:
        typed["teacher"] = tuple(teacher or ())
    data = [] if corpus is None else ["--corpus", str(corpus)]
    words = ["chorale", "train", "--output", str(output), "--resume", *data]
    network_options, training_options = _asked(output, network, typed, plugin, words)
    with progress_bar("Reading the corpus") as progress:
        chorales = load_corpus(corpus, splits=("train", "valid"), progress=progress)
    learned, _, remark = split_corpus(chorales)
    teachers = getattr(training_options, "teacher", ())
    for each in (remark, teacher_remark(teachers, learned)):
        if each:
            print_remarks(each)
    card = train_run(
        context,
        "chorale train",
        MONITOR,
        partial(train_network, chorales, network_options, training_options),
        partial(resume_training, chorales),
        [*data, *([] if plugin is None else ["--plugin", plugin])],
    )
    _print_figures(card)


def _print_figures(card: Card) -> None:
    """Print the likelihood of the stored model, and what of valid is in train too."""
    valid = card.figures["valid"]
    typer.echo(
        f"valid   {valid['nats_per_note']:.4f} nats per note, "
        f"accuracy {valid['accuracy']:.4f}"
    )
    for name, copy in card.data["valid_in_train"].items():
        print_remarks(
            f"{copy['share']:.0%} of {name}, of valid, is in train too, as "
            f"{copy['train']}"
        )


def _asked(
    output: Path,
    network: str,
    typed: dict[str, Any],
    plugin: str | None,
    resume_words: Sequence[str],
) -> tuple[NetworkOptions | InfillerOptions, CommonOptions]:
    """Return the options of network and training that are asked for by typed ones.

    Args:
        output: folder of the run.
        network: its name, or the default one.
        typed: options by name.
        plugin, resume_words: see `use_plugin`.

    Raises:
        UsageError: typed options contradict each other, the base, or the run to resume;
            see `use_plugin` too.
    """
    resumes, base = typed.get("resume"), typed.get("base")
    begun, values = {"network": network}, typed
    if resumes:
        begun = _begun(output, typed)
    elif base:
        values = base_options(base, typed)
        begun = {"network": values["network"]}
    use_plugin(plugin, begun["network"], begun.get("plugin", ""), resume_words)
    check_same([name for name in typed if name == "network"], typed, begun)
    _check_used(begun["network"], typed)
    network_options, training_options = _options(begun["network"], values)
    taught = typed.get("teacher") or begun.get("teacher")
    if "teacher_share" in typed and not taught:
        raise UsageError(
            "--teacher-share is the weight of teachers: name a --teacher, or leave it "
            "out"
        )
    asked = {**begun, **asdict(network_options), **asdict(training_options)}
    check_same(list(typed), asked, begun)
    return network_options, training_options


def _begun(output: Path, typed: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a run by name, `network` among them.

    A typed plan that was added to that of a base becomes that of the run.
    """
    stored = Run(output).options()
    begun = {**stored["network"], **stored["training"]}
    for name in ("plan", "teacher"):
        begun[name] = tuple(begun.get(name, ()))
    if begun.get("base") and {*typed.get("plan", ())} <= {*begun["plan"]}:
        typed["plan"] = begun["plan"]
    return {"network": begun.get("body"), **begun}


def _options(
    network: str, values: Mapping[str, Any]
) -> tuple[NetworkOptions | InfillerOptions, CommonOptions]:
    """Return the options of a network and of its training, defaults where not given."""
    if network not in INFILLERS:
        network_options = chosen(NetworkOptions, {**values, "body": network})
        return network_options, chosen(TrainingOptions, values)
    infiller_options = chosen(InfillerOptions, {**values, "network": network})
    return infiller_options, chosen(CommonOptions, values)


def _check_used(network: str, typed: Mapping[str, Any]) -> None:
    """Refuse typed options that an infiller has no use for."""
    if network not in INFILLERS:
        return
    used = {*INFILLERS[network].options, *(each.name for each in fields(CommonOptions))}
    for each in (*fields(NetworkOptions), *fields(TrainingOptions)):
        if each.name in typed and each.name not in used:
            raise UsageError(
                f"the network {network} does not use "
                f"--{each.name.replace('_', '-')}: leave it out"
            )
