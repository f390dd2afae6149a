"""All measures, by name, in the order of the table."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from chorale.benchmarks import (
    baselines,
    bodies,
    commands,
    drawings,
    floor,
    learning,
    lengths,
    sampling,
)
from chorale.benchmarks.measures import Measure
from chorale.errors import UsageError

MEASURES = {
    measure.name: measure
    for module in (
        sampling,
        baselines,
        lengths,
        bodies,
        commands,
        learning,
        drawings,
        floor,
    )
    for measure in module.MEASURES
}


def choose(names: Sequence[str] = (), *, quick: bool = False) -> list[Measure]:
    """Return measures by the beginnings of their names; without any, all.

    Args:
        names: such as `cold` or `notes/bach`.
        quick: without names, only those of the quick form.

    Raises:
        UsageError: no measure has a name that begins so.
    """
    groups = [measure.name.rpartition("/")[0] for measure in MEASURES.values()]
    names_of_groups = dict.fromkeys(groups)
    for name in names:
        if not any(_begins(measure, name) for measure in MEASURES.values()):
            raise UsageError(
                f"there is no measure {name!r}: expected one of "
                f"{', '.join(names_of_groups)}, as the JSON names them"
            )
    if not names:
        return [row for row in MEASURES.values() if row.quick or not quick]
    return [
        measure
        for measure in MEASURES.values()
        if any(_begins(measure, name) for name in names)
    ]


def _begins(measure: Measure, name: str) -> bool:
    return f"{measure.name}/".startswith(f"{name.rstrip('/')}/")


def missing_modules(measure: Measure) -> str:
    """Return why a measure is left out, if modules that it needs are not installed."""
    missing = [name for name in measure.modules if not find_spec(name)]
    if not missing:
        return ""
    if "torch" in missing:
        return "torch is not installed: pip install torch"
    return f"{missing[0]} is not installed: the extra [train] has it"
