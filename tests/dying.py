"""A reader of sources whose worker process is killed by some of them."""

from __future__ import annotations

import os
import signal

from chorale.corpus.importing.pieces import Outcome, PieceOptions, read_source
from chorale.corpus.importing.sources import Source


def read_or_die(source: Source, options: PieceOptions) -> Outcome:
    """Read a source, or kill this process if the name of the source says so."""
    if "deadly" in source.name:
        os.kill(os.getpid(), signal.SIGKILL)
    return read_source(source, options)
