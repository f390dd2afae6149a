"""Import directions: which room may import which, checked against the source."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

import chorale

PACKAGE = Path(chorale.__file__).parent
# Floors from the top down. A room may import rooms of the floors below its own.
FLOORS = (
    ("commands",),
    ("benchmarks", "studio"),
    ("training", "sampling"),
    ("evaluation",),
    ("models", "corpus"),
    ("encoding", "voice_leading", "formats", "forecasting", "sketches"),
    ("nn", "music"),
    ("utils",),
    ("errors", "version"),
)
# The package itself, its public names and its command.
OUTSIDE = {"", "api", "__main__"}
ANNEXES = ("forecasting", "sketches")
# What an annex shares with the rest of the house.
ANNEX_IMPORTS = {"nn", "utils", "errors", "version"}
# The rooms that may load Keras at the top of a file.
KERAS_ROOMS = {"nn", "models/networks", "training", "forecasting", "sketches"}
FLOOR = {room: -floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def imports(path: Path) -> set[str]:
    """Return the dotted names that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{path}: a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@cache
def graph() -> dict[str, set[str]]:
    """Return what each module of the package imports of it, by dotted name."""
    paths = sorted(PACKAGE.rglob("*.py"))
    names = {
        ".".join(("chorale", *path.relative_to(PACKAGE).with_suffix("").parts)): path
        for path in paths
    }
    known = {name.removesuffix(".__init__"): path for name, path in names.items()}
    found = {}
    for name, path in known.items():
        targets = set()
        for target in imports(path):
            if target in known:
                targets.add(target)
            elif target.rpartition(".")[0] in known:
                targets.add(target.rpartition(".")[0])
        found[name] = targets - {name}
    return found


def room(module: str) -> str:
    """Return the room of a module; the empty string for the package itself."""
    return module.split(".")[1] if "." in module else ""


def test_imports_point_to_lower_floors() -> None:
    wrong = [
        f"{module} imports {target}"
        for module, targets in graph().items()
        for target in sorted(targets)
        if room(module) not in OUTSIDE and room(target) != room(module)
        if FLOOR.get(room(target), 1) >= FLOOR[room(module)]
    ]
    assert not wrong, "\n".join(wrong)
    assert sum(map(len, graph().values())) > 1_500  # the whole package was read


def test_every_room_has_a_floor() -> None:
    rooms = {room(module) for module in graph()} - OUTSIDE
    assert rooms == {name for floor in FLOORS for name in floor}
    assert len(FLOORS) <= 9


@pytest.mark.parametrize("annex", ANNEXES)
def test_annexes_and_music_do_not_know_each_other(annex: str) -> None:
    for module, targets in graph().items():
        rooms = {room(target) for target in targets}
        if room(module) == annex:
            assert rooms <= {annex, *ANNEX_IMPORTS}, module
        elif room(module) not in ("commands", "benchmarks", "studio"):
            assert annex not in rooms, module


def test_modules_import_each_other_in_no_circle() -> None:
    seen: dict[str, bool] = {}  # whether a module is done, or on the path still

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert seen.get(module, True), " -> ".join((*path, module))
        if module in seen:
            return
        seen[module] = False
        for target in sorted(graph()[module]):
            visit(target, (*path, module))
        seen[module] = True

    for module in graph():
        visit(module, ())


def test_only_rooms_of_networks_load_keras_at_the_top() -> None:
    for path in PACKAGE.rglob("*.py"):
        folder = path.relative_to(PACKAGE).parent.as_posix()
        allowed = any(f"{folder}/".startswith(f"{room}/") for room in KERAS_ROOMS)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import | ast.ImportFrom) and not allowed:
                names = [alias.name for alias in node.names]
                names.append(getattr(node, "module", None) or "")
                roots = {name.split(".")[0] for name in names}
                assert not roots & {"keras", "tensorflow"}, path
