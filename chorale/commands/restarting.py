"""Starting a command again in its process, after another machine was lost."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from chorale.commands.printing import print_remarks
from chorale.errors import WorkerLostError

# How often the command has started again without a whole epoch in between.
_COUNT = "CHORALE_RESTARTS"
_MOST = 5


def start_again(lost: WorkerLostError, *, trained: bool) -> NoReturn:
    """Run this command again, from its beginning, in this process.

    TensorFlow cannot connect again in a process whose connection was lost.

    Args:
        lost: why.
        trained: whether a whole epoch was trained since the last start.

    Raises:
        WorkerLostError: as given, after too many starts without an epoch.
    """
    count = 1 if trained else int(os.environ.get(_COUNT, 0)) + 1
    if count > _MOST:
        raise lost
    print_remarks(f"{lost}: starting again, and waiting for it")
    os.environ[_COUNT] = str(count)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
