"""A progress bar for whatever keeps a person waiting."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

_PATIENCE = 2.0  # seconds before a bar appears


@contextlib.contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function to call with what is done and what there is in all.

    The bar appears on a terminal only, after two seconds, and goes when the block ends.
    """
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        update: Callable[[int, int], None] | None = None

        def advance(done: int, total: int) -> None:
            nonlocal update
            if update is None:
                waited = time.monotonic() - started
                if waited < _PATIENCE or not sys.stderr.isatty():
                    return
                update = _show(label, stack)
            update(done, total)

        yield advance


def _show(label: str, stack: contextlib.ExitStack) -> Callable[[int, int], None]:
    # rich takes longer to load than a short command takes to run.
    from rich.console import Console
    from rich.progress import Progress

    bar = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
    task = bar.add_task(label)
    return lambda done, total: bar.update(task, completed=done, total=total)
