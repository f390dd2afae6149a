"""`python -m chorale.benchmarks.worker FOLDER`: runs trials on request.

Reads lines from stdin, each the name of a measure: the first time it gets that measure
ready, then it runs a trial each time. Answers each line with one line of JSON, see
`answers`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from chorale.benchmarks.measures import Measure, Prepared
from chorale.utils.quiet_tensorflow import quieten_tensorflow


def answers(
    names: Iterable[str], find: Callable[[str], Measure], folder: Path
) -> Iterator[dict[str, object]]:
    """Yield the answer for each name: figures, weights, megabytes, or an error."""
    prepared: dict[str, Prepared] = {}
    for name in names:
        try:
            if name in prepared:
                answer: dict[str, object] = {"figures": prepared[name].trial()}
            else:
                prepared[name] = find(name).prepare(folder)
                answer = {"weights": prepared[name].weights}
        except Exception as error:  # the other measures go on
            reason = " ".join(str(error).split())
            answer = {"error": f"{type(error).__name__}: {reason}"}
        yield {**answer, "megabytes": _peak_memory()}


def _peak_memory() -> float:
    """Return the peak memory of this process in megabytes; 0 on Windows."""
    try:
        import resource
    except ImportError:
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main() -> None:
    """Answer until stdin ends."""
    from chorale.benchmarks.registry import MEASURES

    quieten_tensorflow()
    # What libraries print goes to stderr, so that answers stay whole.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as output:
        os.dup2(2, 1)
        names = (line.strip() for line in sys.stdin)
        for answer in answers(names, MEASURES.__getitem__, Path(sys.argv[1])):
            output.write(json.dumps(answer) + "\n")
            output.flush()


if __name__ == "__main__":
    main()
