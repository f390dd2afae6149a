"""Every network of the suite: how it is built and trained, and the book's figure.

Importing this loads no Keras: the command line lists the recipes by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chorale.errors import UsageError
from chorale.forecasting.series import Task

LAST_STEP = slice(-1, None)
EVERY_STEP = slice(None)
# What a convolution of kernel 4 and stride 2 leaves: it has seen steps 0 to 3, 2 to 5 …
EVERY_OTHER_STEP = slice(3, None, 2)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One row of the suite's table.

    Attributes:
        title: what a reader calls it.
        build: the function of `chorale.forecasting.networks` that builds it.
        task: the task that it is set, of `chorale.forecasting.series.TASKS`.
        block: values that it forecasts at once, 0 for all that the task asks for; with
            fewer, it goes on from its own forecasts.
        positions: the steps of a series after which it forecasts while it is trained:
            the last one (sequence to vector) or all (sequence to sequence).
        learning_rate: of Adam at the start; it falls to nothing along a half cosine.
        clip_norm: largest norm of the gradient, 0 for no limit.
        draws: forecasts with dropout to take the mean of (Monte-Carlo dropout), 0 for
            one without.
        book: the mean squared error that the book has for it, if it has one.
        epochs: passes over the data, 0 for as many as the suite is asked for.
        batch_size: series in a step of the optimizer.
        fresh: series to draw anew for each epoch, 0 to keep to those of the suite; a
            user's own series have no law to draw by, and are kept to.
    """

    title: str
    build: str
    task: str = "ten-steps"
    block: int = 0
    positions: slice = field(default_factory=lambda: EVERY_STEP)
    learning_rate: float = 0.005
    clip_norm: float = 0.0
    draws: int = 0
    book: float | None = None
    epochs: int = 0
    batch_size: int = 32
    fresh: int = 0

    def block_of(self, task: Task) -> int:
        """Return how many values it forecasts at once of what a task asks for."""
        return min(self.block or task.ahead, task.ahead)


RECIPES = {
    # One step ahead.
    "simple-rnn": Recipe(
        title="SimpleRNN(1)",
        build="simple_rnn",
        task="one-step",
        positions=LAST_STEP,
        learning_rate=0.02,
        book=0.014,
    ),
    "deep-rnn": Recipe(
        title="deep SimpleRNN, SimpleRNN(1) last",
        build="deep_rnn",
        task="one-step",
        positions=LAST_STEP,
        book=0.003,
    ),
    "deep-rnn-dense": Recipe(
        title="deep SimpleRNN, Dense last",
        build="recurrent_to_vector",
        task="one-step",
        positions=LAST_STEP,
        book=0.0026,
    ),
    # Ten steps ahead: what is asked of a recurrent network, and when.
    "iterated-rnn": Recipe(
        title="SimpleRNN, one step at a time",
        build="recurrent_to_vector",
        block=1,
        positions=LAST_STEP,
        book=0.029,
    ),
    "sequence-to-vector": Recipe(
        title="SimpleRNN, sequence to vector",
        build="recurrent_to_vector",
        positions=LAST_STEP,
        book=0.008,
    ),
    "sequence-to-sequence": Recipe(
        title="SimpleRNN, sequence to sequence",
        build="recurrent_to_sequence",
        learning_rate=0.01,
        book=0.006,
    ),
    "encoder-decoder": Recipe(
        title="GRU encoder and decoder",
        build="encoder_decoder",
        positions=LAST_STEP,
    ),
    "vector-to-sequence": Recipe(
        title="GRU from vector to sequence",
        build="vector_to_sequence",
        positions=LAST_STEP,
    ),
    # Against unstable gradients and overfitting.
    "batch-norm": Recipe(
        title="SimpleRNN, batch normalization between",
        build="batch_norm",
    ),
    "batch-norm-cell": Recipe(
        title="SimpleRNN, batch normalization inside",
        build="batch_norm_cell",
    ),
    "layer-norm": Recipe(
        title="SimpleRNN, layer normalization inside",
        build="layer_norm",
        book=0.012,
    ),
    "gradient-clipping": Recipe(
        title="rectified SimpleRNN, clipped gradients",
        build="relu_rnn",
        clip_norm=1.0,
    ),
    "dropout": Recipe(
        title="GRU, dropout and recurrent dropout",
        build="dropout",
    ),
    "monte-carlo-dropout": Recipe(
        title="GRU, mean of draws with dropout",
        build="dropout",
        draws=50,
    ),
    # Longer memory.
    "lstm": Recipe(
        title="LSTM layers",
        build="lstm",
        book=0.0086,
    ),
    "lstm-cell": Recipe(
        title="LSTM cells in the RNN wrapper",
        build="lstm_cell",
        book=0.0086,
    ),
    "peephole-lstm": Recipe(
        title="LSTM with peepholes",
        build="peephole_lstm",
    ),
    "gru": Recipe(
        title="GRU",
        build="gru",
        book=0.01,
    ),
    "conv-gru": Recipe(
        title="Conv1D of stride 2, then GRU",
        build="conv_gru",
        positions=EVERY_OTHER_STEP,
        book=0.008,
    ),
    "pooling": Recipe(
        title="Conv1D with pooling, then GRU",
        build="pooling",
        positions=LAST_STEP,
    ),
    # No recurrence, or little.
    "simple-wavenet": Recipe(
        title="simplified WaveNet",
        build="simple_wavenet",
        book=0.007,
    ),
    "wavenet": Recipe(
        title="WaveNet, 3 stacks of 10",
        build="wavenet",
    ),
    "wavenet-lstm": Recipe(
        title="dilated convolutions, then LSTM",
        build="wavenet_lstm",
    ),
    "conv": Recipe(
        title="residual dilated convolutions",
        build="conv",
    ),
    "attention": Recipe(
        title="causal attention",
        build="attention",
    ),
    # Further ahead, and in the middle.
    "blocks": Recipe(
        title="GRU, ten steps at a time",
        build="gru",
        task="fifty-steps",
        block=10,
    ),
    "long-dense": Recipe(
        title="dense blocks, fresh series, long training",
        build="dense",
        positions=LAST_STEP,
        learning_rate=0.002,
        clip_norm=1.0,
        epochs=48,
        batch_size=256,
        fresh=2**18,
    ),
    "imputing-gru": Recipe(
        title="GRU from both ends of a gap",
        build="imputing_gru",
        task="gap",
        positions=LAST_STEP,
        learning_rate=0.01,
    ),
    "imputing-conv": Recipe(
        title="convolutions around a gap",
        build="imputing_conv",
        task="gap",
        positions=LAST_STEP,
    ),
}


def find_recipes(names: list[str]) -> dict[str, Recipe]:
    """Return the recipes of these names, in the order of the table.

    Raises:
        UsageError: a name is unknown.
    """
    for name in names or [""]:
        if name not in RECIPES:
            raise UsageError(
                f"expected networks out of {', '.join(RECIPES)}, got {name!r}"
            )
    return {name: RECIPES[name] for name in RECIPES if name in names}
