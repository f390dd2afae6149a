"""Memory experiment: over which lag can a network learn to recall a value?

The first step of a series carries a value and a flag. `lag` steps of noise from the
same distribution follow, and the target after the last of them is the value:

    step      0        1 … lag
    value     u        noise          u and noise uniform in -1 to 1
    flag      1        0
    target                    u

The noise is independent of the value, so without memory the best forecast is the mean,
a relative error of 1. That learning becomes hard for a recurrent network as the lag
grows was shown by Bengio, Simard & Frasconi, "Learning Long-Term Dependencies with
Gradient Descent is Difficult" (1994); the LSTM was designed for it (Hochreiter &
Schmidhuber, "Long Short-Term Memory", 1997, who report lags of 1,000 steps, with far
longer trainings than here).

The experiment measures learning from random weights in a fixed number of updates, not
the capacity of a network with ideal weights. A receptive field that includes the value
is not sufficient either: a WaveNet composes a lag from its dilations, the powers of
two, so 1,000 takes six of them and 1,024 one. With the defaults below, a WaveNet with a
large enough receptive field failed at 1,000 and had learned 1,024 after 100 updates.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chorale.errors import UsageError
from chorale.forecasting.series import Array
from chorale.nn.bodies import BodyOptions, build_body
from chorale.utils.checks import check_above_zero, check_at_least, check_choice
from chorale.utils.extras import require
from chorale.utils.progress import Progress
from chorale.utils.tables import write_table

CONVOLUTIONS = 4  # before the GRU, with stride 2 each: 16 steps become one
_KERNEL_SIZE = 4  # of those, as in the book
_RECENT = 50  # updates whose mean loss decides on early stopping
_TEST_STREAM, _GATE_STREAM = 1, 2  # of random numbers; the training series use others


class Candidate(NamedTuple):
    """A network of the experiment."""

    title: str  # name in tables
    body: str  # one of `chorale.nn.bodies.BODIES`
    strided: bool = False  # whether strided convolutions precede the body
    # Chrono initialization of the gates: time scales uniform up to `lag` steps (Tallec
    # & Ollivier, "Can Recurrent Neural Networks Warp Time?", 2018). By default, Keras
    # initializes the forget bias of an LSTM to 1, which keeps 0.73 of the carry per
    # step, and that of a GRU to 0, which keeps 0.5.
    slow_gates: bool = False


CANDIDATES = {
    "simple-rnn": Candidate("SimpleRNN", "rnn"),
    "lstm": Candidate("LSTM", "lstm"),
    "gru": Candidate("GRU", "gru"),
    "lstm-slow": Candidate("LSTM, slow gates", "lstm", slow_gates=True),
    "gru-slow": Candidate("GRU, slow gates", "gru", slow_gates=True),
    "conv-gru": Candidate(f"{CONVOLUTIONS} Conv1D + GRU", "gru", strided=True),
    "wavenet": Candidate("WaveNet", "wavenet"),
}


@dataclass(frozen=True, kw_only=True)
class MemoryOptions:
    """Networks, lags and training of the experiment."""

    networks: tuple[str, ...] = tuple(CANDIDATES)  # names of CANDIDATES
    # Steps between value and target, ascending; after the first lag at which a network
    # fails, longer ones are skipped.
    lags: tuple[int, ...] = (10, 30, 100, 300, 1000, 3000)
    units: int = 16  # width of the one recurrent layer, or of each convolution
    updates: int = 2000  # maximum number of weight updates, each on new series
    batch_size: int = 16  # series per update
    learning_rate: float = 0.003  # of Adam, with gradients clipped to a norm of 1
    # Relative error below which the value counts as recalled, 0 to 1.
    threshold: float = 0.1
    test: int = 512  # series that the error is measured on
    # Each doubles the receptive field of the WaveNet; 0 for as many as the lag needs.
    wavenet_layers: int = 0
    seed: int = 0  # of weights and series

    def __post_init__(self) -> None:
        for name in self.networks:
            check_choice("networks", name, CANDIDATES)
        if not self.networks or not self.lags:
            raise UsageError("expected at least one network and one lag, got none")
        if self.lags[0] < 1 or any(np.diff(self.lags) < 1):
            lags = ", ".join(map(str, self.lags))
            raise UsageError(f"expected ascending lags of at least 1, got {lags}")
        check_at_least(self, units=1, updates=1, batch_size=1, test=2)
        check_at_least(self, wavenet_layers=0, seed=0)
        if not 0 < self.threshold < 1:
            raise UsageError(
                f"expected a threshold between 0 and 1, got {self.threshold}"
            )
        check_above_zero(self, "learning_rate")


class Recall(NamedTuple):
    """The result of one network at one lag."""

    network: str  # name of the network
    lag: int  # steps between value and target
    # Squared error divided by the variance of the value; None if it was skipped after a
    # failure at a shorter lag, or is not finite.
    error: float | None = None
    recalled: bool = False  # whether the error is below the threshold
    updates: int = 0  # number of weight updates until it had learned or failed
    seconds: float = 0.0  # to build, compile, train and test


def measure_memory(
    options: MemoryOptions,
    *,
    progress: Progress = lambda done, total: None,
    finished: Callable[[Recall], None] = lambda recall: None,
) -> list[Recall]:
    """Train each network at each lag, up to the first lag at which it fails.

    `progress` is called with the updates done and the total, `finished` with each
    result. Return a result for each network and lag, network by network.

    Raises:
        MissingExtraError: Keras is not installed.
    """
    require("train", "the memory experiment")
    recalls: list[Recall] = []
    total = len(options.networks) * len(options.lags) * options.updates

    def advance(update: int) -> None:
        progress(len(recalls) * options.updates + update, total)

    for name in options.networks:
        failed = False
        for lag in options.lags:
            recall = Recall(name, lag) if failed else _try(name, lag, options, advance)
            failed = not recall.recalled
            recalls.append(recall)
            finished(recall)
    return recalls


def longest_lags(recalls: Iterable[Recall]) -> dict[str, int]:
    """Return the longest lag at which each network recalls the value, 0 for none."""
    longest: dict[str, int] = {}
    for recall in recalls:
        lag = recall.lag if recall.recalled else 0
        longest[recall.network] = max(longest.get(recall.network, 0), lag)
    return longest


def write_memory(path: Path | str, recalls: Iterable[Recall]) -> None:
    """Write the results as CSV; a skipped lag has no error.

    Raises:
        OutputError: the file cannot be written.
    """
    rows = (
        (name, lag, error, int(recalled), updates, seconds)
        for name, lag, error, recalled, updates, seconds in recalls
    )
    write_table(path, Recall._fields, rows)


def draw_recall(
    count: int, lag: int, random: np.random.Generator
) -> tuple[Array, Array]:
    """Sample series whose first value is to be recalled after `lag` more steps.

    Inputs are float32 (count, lag + 1, 2), value and flag of each step; targets are
    float32 (count, 1).
    """
    inputs = np.zeros((count, lag + 1, 2), np.float32)
    inputs[:, :, 0] = random.uniform(-1, 1, (count, lag + 1))
    inputs[:, 0, 1] = 1
    return inputs, inputs[:, 0, :1].copy()


def build_network(name: str, lag: int, options: MemoryOptions) -> Any:
    """Return a Keras model, (batch, lag + 1, 2) → (batch, 1), not yet compiled."""
    import keras

    candidate = CANDIDATES[name]
    series = keras.Input((lag + 1, 2), name="series")
    hidden = keras.layers.Dense(options.units, name="widen")(series)
    for index in range(CONVOLUTIONS if candidate.strided else 0):
        hidden = keras.layers.Conv1D(
            options.units,
            _KERNEL_SIZE,
            strides=2,
            padding="causal",
            activation="relu",
            name=f"convolution_{index}",
        )(hidden)
    layers = 1
    if candidate.body == "wavenet":
        # The receptive field is 2 ** layers steps; it has to be lag + 1 at least.
        layers = options.wavenet_layers or lag.bit_length()
    body = build_body(
        BodyOptions(
            body=candidate.body, units=options.units, layers=layers, dropout=0.0
        )
    )
    recalled = keras.layers.Dense(1, name="recalled")(body(hidden)[:, -1])
    if candidate.slow_gates:
        _initialize_gates(body.layers[0].rnn.cell, candidate.body, lag, options)
    return keras.Model(series, recalled, name=name.replace("-", "_"))


def _initialize_gates(cell: Any, body: str, lag: int, options: MemoryOptions) -> None:
    """Set the gate biases of a cell by chrono initialization (Tallec & Ollivier, 2018).

    A gate with bias log(T - 1) keeps 1 - 1 / T per step; T is uniform from 2 to the
    longest time scale required.
    """
    random = np.random.default_rng([options.seed, lag, _GATE_STREAM])
    keep = np.log(random.uniform(1, max(lag, 2), options.units))
    bias = np.asarray(cell.bias).copy()
    if body == "lstm":  # gates in the order input, forget, candidate, output
        bias[: 2 * options.units] = np.concatenate([-keep, keep])
    else:  # the update gate comes first; in Keras it keeps the state where it is 1
        bias[0, : options.units] = keep
    cell.bias.assign(bias)


def _try(
    name: str, lag: int, options: MemoryOptions, progress: Callable[[int], None]
) -> Recall:
    """Train a new network at one lag, and measure its error on new series."""
    import keras

    began = time.perf_counter()
    keras.backend.clear_session()
    keras.utils.set_random_seed(options.seed)
    network = build_network(name, lag, options)
    # With XLA, recurrent layers run several times faster on a CPU.
    network.compile(
        keras.optimizers.Adam(options.learning_rate, clipnorm=1.0),
        loss="mse",
        jit_compile=True,
    )
    updates = _train(network, lag, options, progress)
    test = np.random.default_rng([options.seed, lag, _TEST_STREAM])
    inputs, targets = draw_recall(options.test, lag, test)
    outputs = network.predict(inputs, batch_size=options.batch_size, verbose=0)
    error = float(np.mean((outputs - targets) ** 2) / np.var(targets))
    return Recall(
        network=name,
        lag=lag,
        error=error if np.isfinite(error) else None,
        recalled=error < options.threshold,
        updates=updates,
        seconds=round(time.perf_counter() - began, 1),
    )


def _train(
    network: Any, lag: int, options: MemoryOptions, progress: Callable[[int], None]
) -> int:
    """Train with early stopping and return the number of updates."""
    random = np.random.default_rng([options.seed, lag])
    variance = 1 / 3  # of the value
    # Half the threshold, so that the test error stays below it.
    goal = options.threshold / 2 * variance
    losses: list[float] = []
    while len(losses) < options.updates:
        loss = network.train_on_batch(*draw_recall(options.batch_size, lag, random))
        network.reset_metrics()
        losses.append(float(loss))
        progress(len(losses))
        if len(losses) % _RECENT == 0 and np.mean(losses[-_RECENT:]) < goal:
            break
    return len(losses)
