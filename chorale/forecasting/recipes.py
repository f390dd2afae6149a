"""Recipes: how each network of the suite is built and trained, and the book's error.

Importing this loads no Keras: the command line lists the recipes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from chorale.forecasting.series import Task
from chorale.utils.checks import check_choice

LAST_STEP = slice(-1, None)
EVERY_STEP = slice(None)
# Last steps of the windows of a convolution with kernel 4 and stride 2: 0-3, 2-5 …
EVERY_OTHER_STEP = slice(3, None, 2)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A network of the suite and its training."""

    title: str  # name in tables
    build: str  # function of `chorale.forecasting.networks` that builds it
    # Its task in the suite, a key of `chorale.forecasting.series.TASKS`.
    task: str = "ten-steps"
    # Steps forecast at once, 0 for all that the task asks for; with fewer, the forecast
    # is autoregressive: the network reads its own outputs.
    block: int = 0
    # The steps with a training target: the last one (sequence-to-vector) or all
    # (sequence-to-sequence).
    positions: slice = field(default_factory=lambda: EVERY_STEP)
    learning_rate: float = 0.005  # of Adam at the start; cosine decay to 0
    clip_norm: float = 0.0  # gradient clipping by norm, 0 for none
    draws: int = 0  # samples of Monte Carlo dropout, 0 for a deterministic forecast
    book: float | None = None  # mean squared error in the book, if it is there
    epochs: int = 0  # passes over the data, 0 for the number that the suite is run with
    batch_size: int = 32  # series per update
    # Times as many updates as others need, where their least number is given.
    updates_factor: float = 1.0
    # New series to generate in each epoch, 0 for the fixed train series; only with
    # synthetic series.
    fresh: int = 0

    def block_of(self, task: Task) -> int:
        """Return the number of steps forecast at once in a task."""
        return min(self.block or task.ahead, task.ahead)


_one_step = partial(Recipe, task="one-step", positions=LAST_STEP)
_to_vector = partial(Recipe, positions=LAST_STEP)
_imputing = partial(Recipe, task="gap", positions=LAST_STEP)

RECIPES = {
    # === One step ahead ===
    "simple-rnn": _one_step(
        title="SimpleRNN(1)",
        build="simple_rnn",
        learning_rate=0.02,
        book=0.014,
        updates_factor=6.0,  # three weights, one of them a long way from its best
    ),
    "deep-rnn": _one_step(
        title="deep SimpleRNN, SimpleRNN(1) last", build="deep_rnn", book=0.003
    ),
    "deep-rnn-dense": _one_step(
        title="deep SimpleRNN, Dense last", build="recurrent_to_vector", book=0.0026
    ),
    # === Ten steps ahead: autoregressive, to vector, to sequence, with a decoder ===
    "iterated-rnn": _to_vector(
        title="SimpleRNN, one step at a time",
        build="recurrent_to_vector",
        block=1,
        book=0.029,
    ),
    "sequence-to-vector": _to_vector(
        title="SimpleRNN, sequence to vector", build="recurrent_to_vector", book=0.008
    ),
    "sequence-to-sequence": Recipe(
        title="SimpleRNN, sequence to sequence",
        build="recurrent_to_sequence",
        learning_rate=0.01,
        book=0.006,
    ),
    "encoder-decoder": _to_vector(
        title="GRU encoder and decoder", build="encoder_decoder"
    ),
    "vector-to-sequence": _to_vector(
        title="GRU from vector to sequence", build="vector_to_sequence"
    ),
    # === Unstable gradients and overfitting ===
    "batch-norm": Recipe(
        title="SimpleRNN, batch normalization between", build="batch_norm"
    ),
    "batch-norm-cell": Recipe(
        title="SimpleRNN, batch normalization inside", build="batch_norm_cell"
    ),
    "layer-norm": Recipe(
        title="SimpleRNN, layer normalization inside", build="layer_norm", book=0.012
    ),
    "gradient-clipping": Recipe(
        title="rectified SimpleRNN, clipped gradients", build="relu_rnn", clip_norm=1.0
    ),
    "dropout": Recipe(title="GRU, dropout and recurrent dropout", build="dropout"),
    "monte-carlo-dropout": Recipe(
        title="GRU, mean of draws with dropout", build="dropout", draws=50
    ),
    # === Long memory ===
    "lstm": Recipe(title="LSTM layers", build="lstm", book=0.0086),
    "lstm-cell": Recipe(
        title="LSTM cells in the RNN wrapper", build="lstm_cell", book=0.0086
    ),
    "peephole-lstm": Recipe(title="LSTM with peepholes", build="peephole_lstm"),
    "gru": Recipe(title="GRU", build="gru", book=0.01),
    "conv-gru": Recipe(
        title="Conv1D of stride 2, then GRU",
        build="conv_gru",
        positions=EVERY_OTHER_STEP,
        book=0.008,
    ),
    "pooling": _to_vector(title="Conv1D with pooling, then GRU", build="pooling"),
    # === Convolutions and attention ===
    "simple-wavenet": Recipe(
        title="simplified WaveNet", build="simple_wavenet", book=0.007
    ),
    "wavenet": Recipe(title="WaveNet, 3 stacks of 10", build="wavenet"),
    "wavenet-lstm": Recipe(
        title="dilated convolutions, then LSTM", build="wavenet_lstm"
    ),
    "conv": Recipe(title="residual dilated convolutions", build="conv"),
    "attention": Recipe(title="causal attention", build="attention"),
    # === Longer horizons, longer training, imputation ===
    "blocks": Recipe(
        title="GRU, ten steps at a time", build="gru", task="fifty-steps", block=10
    ),
    "long-dense": _to_vector(
        title="dense blocks, fresh series, long training",
        build="dense",
        learning_rate=0.002,
        clip_norm=1.0,
        epochs=48,
        batch_size=256,
        fresh=2**18,
    ),
    "imputing-gru": _imputing(
        title="GRU from both ends of a gap", build="imputing_gru", learning_rate=0.01
    ),
    "imputing-conv": _imputing(
        title="convolutions around a gap", build="imputing_conv"
    ),
}

# Trained by default on a user's table: simple, deep, to a vector, to a sequence, gated.
TABLE_NETWORKS = (
    *("simple-rnn", "deep-rnn", "sequence-to-vector", "sequence-to-sequence", "gru"),
)


def find_recipes(names: list[str]) -> dict[str, Recipe]:
    """Return the recipes of these names, in the order of RECIPES.

    Raises:
        UsageError: a name is unknown, or there is none.
    """
    for name in names or [""]:
        check_choice("networks", name, RECIPES)
    return {name: RECIPES[name] for name in RECIPES if name in names}


def table_recipes() -> dict[str, Recipe]:
    """Return the recipes that a user's table is forecast with by default."""
    return {name: RECIPES[name] for name in RECIPES if name in TABLE_NETWORKS}


def default_recipes() -> dict[str, Recipe]:
    """Return all recipes except those of long trainings on freshly generated series."""
    return {name: recipe for name, recipe in RECIPES.items() if not recipe.fresh}
