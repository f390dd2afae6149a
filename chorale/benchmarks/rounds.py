"""Measuring in rounds: one trial of every measure after another, again and again.

Whatever else the machine does meets all measures alike, and slow drifts do not look
like a difference between two of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chorale.benchmarks.measures import Measure
from chorale.benchmarks.results import Results, Series
from chorale.utils.progress import Progress

Ask = Callable[[Measure], Mapping[str, Any]]


def run_rounds(
    measures: Sequence[Measure],
    ask: Ask,
    rounds: int,
    *,
    limit: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    progress: Progress | None = None,
) -> Results:
    """Prepare all measures, then run rounds of one trial each.

    Args:
        measures: in the order of each round.
        ask: see `chorale.benchmarks.workers.Workers.ask`.
        rounds: number of rounds.
        limit: seconds in all; a round that would probably end later is not begun,
            except the first. None for no limit.
        clock: returns seconds.
        progress: called after every trial with the work done and the work in all.

    Returns:
        The figures of each measure by rounds; a measure that fails is left out of the
        rounds that follow.
    """
    began, total, done = clock(), len(measures) * (rounds + 1), 0
    series: dict[str, Series] = {}
    failed: dict[str, str] = {}

    def advance() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    for measure in measures:
        answer = ask(measure)
        if "error" in answer:
            failed[measure.name] = answer["error"]
        else:
            series[measure.name] = Series(measure, answer["weights"])
        advance()
    longest, finished = 0.0, 0
    while finished < rounds:
        started = clock()
        if limit is not None and finished and started + longest > began + limit:
            break
        for measure in measures:
            if measure.name not in failed and _is_due(measure, finished):
                answer = _trial(ask, measure)
                if "error" in answer:
                    failed[measure.name] = answer["error"]
                else:
                    series[measure.name].trials[finished] = answer["figures"]
            advance()
        finished += 1
        longest = max(longest, clock() - started)
    measured = {name: row for name, row in series.items() if row.trials}
    return Results(measured, finished, failed)


def _is_due(measure: Measure, finished: int) -> bool:
    return measure.rounds is None or finished < measure.rounds


def _trial(ask: Ask, measure: Measure) -> Mapping[str, Any]:
    """Run a trial; prepare the measure again if its process had to be started again."""
    answer = ask(measure)
    return ask(measure) if "weights" in answer else answer
