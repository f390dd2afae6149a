"""How long functions are, and how many parameters constructors have."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "chorale"
MOST_LINES = 80  # decorators included
MOST_PARAMETERS = 10


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield all functions and methods of the package with file, line and name."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                place = f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}"
                yield place, node


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of lines from the first decorator to the last statement."""
    first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
    return (node.end_lineno or first) - first + 1


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of parameters, self aside."""
    arguments = node.args
    return (
        sum(
            len(group)
            for group in (arguments.posonlyargs, arguments.args, arguments.kwonlyargs)
        )
        - 1
    )


def test_functions_are_short() -> None:
    long = [place for place, node in functions() if lines(node) > MOST_LINES]
    assert not long
    assert sum(1 for _ in functions()) > 1_500  # the whole package was read


def test_constructors_take_few_parameters() -> None:
    wide = [
        place
        for place, node in functions()
        if node.name == "__init__" and parameters(node) > MOST_PARAMETERS
    ]
    assert not wide
