"""`chorale train`: fit a network to a corpus of chorales."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.options import names_typed
from chorale.commands.progress import EpochLines
from chorale.commands.training_options import (
    ClipNorm,
    Epochs,
    Finish,
    LearningRate,
    Output,
    Patience,
    Plot,
    Resume,
    Seed,
    Tensorboard,
    WeightDecay,
    check_flags,
    check_same,
    command_line,
    interruptible,
    only,
)
from chorale.corpus.loading import load_corpus, split_corpus
from chorale.encoding.plan import FEATURES
from chorale.errors import UsageError
from chorale.models.options import INFILLERS, InfillerOptions, NetworkOptions
from chorale.models.storage import Card
from chorale.nn.bodies import BODIES
from chorale.nn.runs import Run, plot_history
from chorale.training.batches import MONITOR, CommonOptions
from chorale.training.infiller import resume_infiller, train_infiller
from chorale.training.next_step import TrainingOptions, resume_training, train_network

_NETWORK = NetworkOptions()
_TRAINING = TrainingOptions()
# Options that are about no network in particular.
_ANY_NETWORK = {
    "network",
    "output",
    "corpus",
    "resume",
    "finish",
    "tensorboard",
    "plot",
}


def train(
    context: typer.Context,
    output: Output,
    corpus: Annotated[
        Path | None,
        typer.Option(help="Folder of chorale CSVs; Bach's chorales if left out."),
    ] = None,
    resume: Resume = False,
    finish: Finish = False,
    network: Annotated[
        str,
        typer.Option(
            help=f"One of {', '.join(BODIES)}; or, with sizes and dropout of their "
            f"own unless given, one that infills: {', '.join(INFILLERS)}."
        ),
    ] = _NETWORK.body,
    encoding: Annotated[
        str, typer.Option(help="hold (knows repeated notes) or pitch.")
    ] = _TRAINING.encoding,
    plan: Annotated[
        str,
        typer.Option(
            help="What the network is told of a step before its notes, with commas: "
            f"any of {', '.join(FEATURES)}. Classic CSVs tell no more than step."
        ),
    ] = ",".join(_TRAINING.plan),
    epochs: Epochs = _TRAINING.epochs,
    batch_size: Annotated[
        int, typer.Option(help="Chorales in a step of the optimizer.")
    ] = _TRAINING.batch_size,
    crop: Annotated[
        int, typer.Option(help="Sixteenths seen at a time; 0 = whole pieces.")
    ] = _TRAINING.crop,
    transpose: Annotated[
        int, typer.Option(help="Semitones up or down at most, at random.")
    ] = _TRAINING.transpose,
    learning_rate: LearningRate = _TRAINING.learning_rate,
    weight_decay: WeightDecay = _TRAINING.weight_decay,
    clip_norm: ClipNorm = _TRAINING.clip_norm,
    averaging: Annotated[
        float, typer.Option(help="Decay of the weights' moving average; 0 for none.")
    ] = _TRAINING.averaging,
    past_dropout: Annotated[
        float, typer.Option(help="Share of steps told without the one before.")
    ] = _TRAINING.past_dropout,
    plan_dropout: Annotated[
        float, typer.Option(help="Share of chorales told as by a classic CSV.")
    ] = _TRAINING.plan_dropout,
    teacher: Annotated[
        list[str] | None,
        typer.Option(help="A model to learn from besides; several are averaged."),
    ] = None,
    teacher_share: Annotated[
        float, typer.Option(help="Weight of what teachers say; the rest is the notes'.")
    ] = _TRAINING.teacher_share,
    patience: Patience = _TRAINING.patience,
    seed: Seed = _TRAINING.seed,
    units: Annotated[int, typer.Option(help="Width of the layers.")] = _NETWORK.units,
    layers: Annotated[
        int, typer.Option(help="Layers (of a stack); 0 = usual for the network.")
    ] = 0,
    stacks: Annotated[
        int, typer.Option(help="Stacks of convolutions.")
    ] = _NETWORK.stacks,
    dropout: Annotated[
        float, typer.Option(help="Share dropped between layers.")
    ] = _NETWORK.dropout,
    input_dropout: Annotated[
        float, typer.Option(help="Share of what is known of a step that is not told.")
    ] = _NETWORK.input_dropout,
    recurrent_dropout: Annotated[
        float, typer.Option(help="Share of the carried state dropped.")
    ] = _NETWORK.recurrent_dropout,
    layer_norm: Annotated[
        bool, typer.Option("--layer-norm", help="Normalize inside recurrent cells.")
    ] = _NETWORK.layer_norm,
    kernel_size: Annotated[
        int, typer.Option(help="Steps that a convolution sees.")
    ] = _NETWORK.kernel_size,
    heads: Annotated[int, typer.Option(help="Attention heads.")] = _NETWORK.heads,
    window: Annotated[
        int, typer.Option(help="Sixteenths that attention looks back.")
    ] = _NETWORK.window,
    recurrent_layers: Annotated[
        int, typer.Option(help="LSTM layers under attention.")
    ] = _NETWORK.recurrent_layers,
    voice_units: Annotated[
        int, typer.Option(help="Width of the voice heads.")
    ] = _NETWORK.voice_units,
    intervals: Annotated[
        bool, typer.Option(help="Let voice heads see and write intervals.")
    ] = _NETWORK.intervals,
    motions: Annotated[
        bool, typer.Option(help="Let them weigh each way of moving against another.")
    ] = _NETWORK.motions,
    unlikelihood: Annotated[
        float, typer.Option(help="What parallels cost in training, besides the notes.")
    ] = _NETWORK.unlikelihood,
    echoes: Annotated[
        bool, typer.Option(help="Tell voice heads what came next the last time.")
    ] = _NETWORK.echoes,
    tunes: Annotated[
        bool, typer.Option(help="Tell voice heads how the tunes of train go on.")
    ] = _NETWORK.tunes,
    tensorboard: Tensorboard = False,
    plot: Plot = False,
) -> None:
    """Train a network on a corpus; write a run folder with the model.

    Example: chorale train --network gru --epochs 40 --output runs/gru
    """
    features = tuple(name.strip() for name in plan.split(","))
    wanted = {**context.params, "body": network, "plan": features}
    wanted["teacher"] = tuple(teacher or ())
    check_flags(resume=resume, finish=finish, plot=plot)
    typed, begun = names_typed(context), {}
    if resume:
        options = Run(output).options()
        begun = {**options["network"], **options["training"]}
        begun.setdefault("network", begun.get("body"))
        for name in ("plan", "teacher"):
            begun[name] = tuple(begun.get(name, ()))
        check_same([name for name in typed if name == "network"], wanted, begun)
        wanted["network"] = wanted["body"] = begun["network"]
    infills = wanted["network"] in INFILLERS
    network_options: NetworkOptions | InfillerOptions
    training_options: CommonOptions
    if infills:
        network_options, training_options = _infiller_options(typed, wanted)
    else:
        network_options = NetworkOptions(**only(NetworkOptions, wanted))
        training_options = TrainingOptions(**only(TrainingOptions, wanted))
        if "teacher_share" in typed and not (teacher or begun.get("teacher")):
            raise UsageError(
                "--teacher-share is of what teachers say: name a --teacher, or leave "
                "it out"
            )
    asked = {**asdict(network_options), **asdict(training_options)}
    check_same(typed, {"network": wanted["network"], **asked}, begun)
    chorales = load_corpus(corpus, splits=("train", "valid"))
    remark = split_corpus(chorales)[2]
    if remark:
        typer.echo(f"note: {remark}", err=True)
    begin: Callable[..., Card] = train_infiller if infills else train_network
    go_on: Callable[..., Card] = resume_infiller if infills else resume_training
    words = ["chorale", "train", "--output", str(output), "--resume"]
    words += [] if corpus is None else ["--corpus", str(corpus)]
    with interruptible(words), EpochLines(MONITOR) as progress:
        if resume:
            card = go_on(
                chorales,
                output,
                finish=finish,
                tensorboard=tensorboard,
                progress=progress,
            )
        else:
            card = begin(
                chorales,
                network_options,
                training_options,
                output,
                command=command_line(context, "chorale train"),
                tensorboard=tensorboard,
                progress=progress,
            )
    if plot:
        typer.echo(f"curves  {plot_history(Run(output), MONITOR)}")
    valid = card.figures["valid"]
    typer.echo(f"model   {output / 'model'}")
    typer.echo(
        f"valid   {valid['nats_per_note']:.4f} nats a note, "
        f"accuracy {valid['accuracy']:.4f}"
    )
    for name, known in card.data["valid_in_train"].items():
        typer.echo(
            f"note: {known['share']:.0%} of {name}, of valid, is in train too, as "
            f"{known['train']}",
            err=True,
        )


def _infiller_options(
    typed: Sequence[str], wanted: Mapping[str, Any]
) -> tuple[InfillerOptions, CommonOptions]:
    """Return the options of an infiller and its training that were typed.

    Raises:
        UsageError: one was typed that the network has no use for.
    """
    shaping = set(INFILLERS[wanted["network"]].options)
    training = {field.name for field in fields(CommonOptions)}
    for name in typed:
        if name not in shaping | training | _ANY_NETWORK:
            raise UsageError(
                f"the network {wanted['network']} has no use for "
                f"--{name.replace('_', '-')}: leave it out"
            )
    chosen = {name: wanted[name] for name in typed}
    return (
        InfillerOptions(
            network=wanted["network"],
            **{name: chosen[name] for name in shaping if name in chosen},
        ),
        CommonOptions(**{name: chosen[name] for name in training if name in chosen}),
    )
