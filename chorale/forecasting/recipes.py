"""Every network of the suite: how it is built and trained, and the book's figure.

Importing this loads no Keras: the command line lists the recipes by it.
"""

from __future__ import annotations

from dataclasses import dataclass

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
        fresh: series to draw anew for each epoch, 0 to keep to those of the suite.
    """

    title: str
    build: str
    task: str = "ten-steps"
    block: int = 0
    positions: slice = EVERY_STEP
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
}


def find_recipes(names: list[str]) -> dict[str, Recipe]:
    """Return the recipes of these names, in the order of the table.

    Raises:
        UsageError: a name is unknown.
    """
    for name in names:
        if name not in RECIPES:
            raise UsageError(
                f"expected networks out of {', '.join(RECIPES)}, got {name!r}"
            )
    return {name: RECIPES[name] for name in RECIPES if name in names}
