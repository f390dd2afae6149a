"""An experiment: from how far back can a network recall a value?

The first step of a series carries a value and a flag; `lag` steps of noise of the same
law follow, and after the last of them the network is to give the value:

    step      0        1 … lag
    value     u        noise          u and noise uniform in -1 to 1
    flag      1        0
    target                    u

The noise says nothing of the value, so whoever has lost it can do no better than the
mean, a relative error of 1. That learning such a lag becomes hard for a recurrent
network as the lag grows was shown by Bengio, Simard & Frasconi, "Learning Long-Term
Dependencies with Gradient Descent is Difficult" (1994); the LSTM was made for it
(Hochreiter & Schmidhuber, "Long Short-Term Memory", 1997, who report lags of 1,000
steps, with far longer trainings than here).

What is measured is learning from nothing by a fixed number of updates, not what a
network could hold if its weights were known. Seeing the value is not enough either: a
WaveNet adds a lag up from its dilations, the powers of two, so that 1,000 takes six of
them and 1,024 one. With the defaults below, one that sees far enough failed at 1,000
and had learned 1,024 after 100 updates.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chorale.errors import UsageError
from chorale.forecasting.series import Array
from chorale.nn.bodies import BodyOptions, build_body
from chorale.utils.extras import require
from chorale.utils.progress import Progress
from chorale.utils.tables import write_table

CONVOLUTIONS = 4  # in front of the GRU, each halving the series: 16 steps become one
_KERNEL_SIZE = 4  # of those, as in the book
_RECENT = 50  # updates whose loss tells whether the value is recalled by now
_TEST_STREAM, _GATE_STREAM = 1, 2  # of randomness, apart from what is trained on


class Candidate(NamedTuple):
    """A network of the experiment.

    Attributes:
        title: what a reader calls it.
        body: one of `chorale.nn.bodies.BODIES`.
        strided: whether strided convolutions come first.
        slow_gates: whether its gates begin with memories of up to `lag` steps, spread
            evenly ("chrono initialization", Tallec & Ollivier, "Can Recurrent Neural
            Networks Warp Time?", 2018). Keras lets an LSTM begin with a forget bias of
            1, which keeps 0.73 of the carry from step to step, and a GRU with 0, which
            keeps a half.
    """

    title: str
    body: str
    strided: bool = False
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
    """What is tried, and how long.

    Attributes:
        networks: names out of CANDIDATES.
        lags: how many steps ago the value was seen, rising; a network that has failed
            at one is not tried at those after it.
        units: width of the one recurrent layer, or of each convolution.
        updates: of the weights at most, each from new series.
        batch_size: series in an update.
        learning_rate: of Adam, the norm of whose gradient is kept to 1.
        threshold: a value counts as recalled if the relative error is below it.
        test: series to measure on.
        wavenet_layers: of which each doubles how far WaveNet sees; 0 for as many as
            the lag takes.
        seed: of weights and series.
    """

    networks: tuple[str, ...] = tuple(CANDIDATES)
    lags: tuple[int, ...] = (10, 30, 100, 300, 1000, 3000)
    units: int = 16
    updates: int = 2000
    batch_size: int = 16
    learning_rate: float = 0.003
    threshold: float = 0.1
    test: int = 512
    wavenet_layers: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in self.networks:
            if name not in CANDIDATES:
                raise UsageError(
                    f"expected networks out of {', '.join(CANDIDATES)}, got {name!r}"
                )
        if not self.networks or not self.lags:
            raise UsageError("expected at least one network and one lag, got none")
        if self.lags[0] < 1 or any(np.diff(self.lags) < 1):
            raise UsageError(
                f"expected lags of at least 1 that rise, got {_listed(self.lags)}"
            )
        for name, least in (
            ("units", 1),
            ("updates", 1),
            ("batch_size", 1),
            ("test", 2),
            ("wavenet_layers", 0),
            ("seed", 0),
        ):
            if getattr(self, name) < least:
                raise UsageError(
                    f"expected {name} of at least {least}, got {getattr(self, name)}"
                )
        if not 0 < self.threshold < 1:
            raise UsageError(
                f"expected a threshold between 0 and 1, got {self.threshold}"
            )
        if not self.learning_rate > 0:
            raise UsageError(
                f"expected a learning rate above 0, got {self.learning_rate}"
            )


class Recall(NamedTuple):
    """How one network did at one lag.

    Attributes:
        network: name of the network.
        lag: how many steps ago the value was seen.
        error: squared error over that of forecasting the mean; None if it was not
            tried, having failed at a shorter lag, or is not finite.
        recalled: whether that is below the threshold.
        updates: that were made; fewer than allowed if it learned sooner.
        seconds: to build, compile, train and measure.
    """

    network: str
    lag: int
    error: float | None = None
    recalled: bool = False
    updates: int = 0
    seconds: float = 0.0


def measure_memory(
    options: MemoryOptions,
    *,
    progress: Progress = lambda done, total: None,
    finished: Callable[[Recall], None] = lambda recall: None,
) -> list[Recall]:
    """Train each network at each lag, up to the first at which it fails.

    Args:
        options: what is tried.
        progress: is called with the updates that are behind and those in all.
        finished: is called with each result as it comes.

    Returns:
        A result for each network and lag, network by network.

    Raises:
        MissingExtraError: Keras is not installed.
    """
    require("train", "the memory experiment")
    recalls: list[Recall] = []
    total = len(options.networks) * len(options.lags) * options.updates
    for name in options.networks:
        failed = False
        for lag in options.lags:
            behind = len(recalls) * options.updates

            def advance(update: int, behind: int = behind) -> None:
                progress(behind + update, total)

            recall = Recall(name, lag) if failed else _try(name, lag, options, advance)
            failed = not recall.recalled
            recalls.append(recall)
            finished(recall)
    return recalls


def reaches(recalls: Iterable[Recall]) -> dict[str, int]:
    """Return the longest lag that each network recalls a value from, 0 for none."""
    reach: dict[str, int] = {}
    for recall in recalls:
        longest = recall.lag if recall.recalled else 0
        reach[recall.network] = max(reach.get(recall.network, 0), longest)
    return reach


def write_memory(path: Path | str, recalls: Iterable[Recall]) -> None:
    """Write the results as a CSV; a network that was not tried at a lag has no error.

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
    """Draw series that begin with a value to be recalled after `lag` more steps.

    Returns:
        Inputs float32 (count, lag + 1, 2), value and flag of each step; targets
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
    carried = keras.layers.Dense(options.units, name="widen")(series)
    for index in range(CONVOLUTIONS if candidate.strided else 0):
        carried = keras.layers.Conv1D(
            options.units,
            _KERNEL_SIZE,
            strides=2,
            padding="causal",
            activation="relu",
            name=f"convolution_{index}",
        )(carried)
    layers = 1
    if candidate.body == "wavenet":
        # So many doublings see 2 ** layers steps: lag + 1 at the least.
        layers = options.wavenet_layers or lag.bit_length()
    body = build_body(
        BodyOptions(
            body=candidate.body, units=options.units, layers=layers, dropout=0.0
        )
    )
    recalled = keras.layers.Dense(1, name="recalled")(body(carried)[:, -1])
    if candidate.slow_gates:
        _slow_down(body.layers[0].rnn.cell, candidate.body, lag, options)
    return keras.Model(series, recalled, name=name.replace("-", "_"))


def _slow_down(cell: Any, body: str, lag: int, options: MemoryOptions) -> None:
    """Set the biases of a cell's gates so that they keep what they hold.

    A gate of bias log(T - 1) keeps 1 - 1 / T from step to step; Tallec & Ollivier draw
    T evenly up to the longest memory that is needed.
    """
    random = np.random.default_rng([options.seed, lag, _GATE_STREAM])
    keep = np.log(random.uniform(1, max(lag, 2), options.units))
    bias = np.asarray(cell.bias).copy()
    if body == "lstm":  # in, forget, candidate, out
        bias[: 2 * options.units] = np.concatenate([-keep, keep])
    else:  # the update gate comes first, and Keras's keeps the state where it is 1
        bias[0, : options.units] = keep
    cell.bias.assign(bias)


def _try(
    name: str, lag: int, options: MemoryOptions, progress: Callable[[int], None]
) -> Recall:
    """Train a new network at one lag, and measure it on series of its own."""
    import keras

    began = time.perf_counter()
    keras.backend.clear_session()
    keras.utils.set_random_seed(options.seed)
    network = build_network(name, lag, options)
    # Compiled by XLA, recurrent layers run several times faster on a processor.
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
    """Train until the value is recalled or the updates are used up; count them."""
    random = np.random.default_rng([options.seed, lag])
    variance = 1 / 3  # of the value
    losses: list[float] = []
    while len(losses) < options.updates:
        loss = network.train_on_batch(*draw_recall(options.batch_size, lag, random))
        network.reset_metrics()
        losses.append(float(loss))
        progress(len(losses))
        # Well below the threshold, lest the test tell otherwise.
        recent = losses[-_RECENT:]
        if len(losses) % _RECENT == 0 and np.mean(recent) < (
            options.threshold / 2 * variance
        ):
            break
    return len(losses)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)
