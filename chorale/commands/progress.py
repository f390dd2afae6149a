"""Progress bars on stderr."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Mapping

from chorale.utils.progress import Progress

_DELAY = 2.0  # seconds before a bar appears


@contextlib.contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """Yield a callback that shows progress as a bar.

    The bar appears on a terminal only, after two seconds, and disappears when the block
    ends.
    """
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        update: Progress | None = None

        def advance(done: int, total: int) -> None:
            nonlocal update
            if update is None:
                if time.monotonic() - started < _DELAY or not sys.stderr.isatty():
                    return
                update = _show(label, stack)
            update(done, total)

        yield advance


def _show(label: str, stack: contextlib.ExitStack) -> Progress:
    # rich takes longer to load than a short command takes to run.
    from rich.console import Console
    from rich.progress import Progress as Bar

    # Otherwise what is printed meanwhile would go to stderr, into no pipe.
    redirect = sys.stdout.isatty()
    console = Console(stderr=True)
    bar = stack.enter_context(
        Bar(console=console, transient=True, redirect_stdout=redirect)
    )
    task = bar.add_task(label)
    return lambda done, total: bar.update(task, completed=done, total=total)


class EpochLines:
    """Training progress: one line per epoch, and on a terminal a bar with time left.

    A `chorale.nn.fitting.EpochProgress`, to be used in a `with` block; it prints the
    validation metric `monitor`.

    Attributes:
        epochs: number of epochs that are finished.
    """

    def __init__(self, monitor: str) -> None:
        self.epochs = 0
        self._monitor = monitor
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> EpochLines:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bar

        console = Console(stderr=True, highlight=False)
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._stack.enter_context(self._bar)
        self._task = self._bar.add_task("Training")
        self._has_total = False
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def start_epoch(self, epoch: int, epochs: int, batches: int) -> None:
        if not self._has_total:
            # A resumed run starts after its first epochs.
            self._bar.reset(self._task, total=(epochs - epoch + 1) * batches)
            self._has_total = True
        self._bar.update(self._task, description=f"Epoch {epoch} of {epochs}")

    def finish_batch(self, loss: float) -> None:
        self._bar.advance(self._task)

    def finish_epoch(self, row: Mapping[str, float]) -> None:
        self.epochs += 1
        self._bar.console.print(
            f"epoch {row['epoch']:3.0f}  train {row['train_loss']:.4f}  "
            f"valid {row[self._monitor]:.4f}  {row['seconds']:.0f} s"
        )
