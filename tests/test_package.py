"""The package as a whole: its names, its version, and how little it loads."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

import chorale
from chorale import api, sketches
from chorale.errors import MissingExtraError, UsageError
from chorale.utils import extras

ROOT = Path(__file__).parent.parent
HEAVY = (
    *("tensorflow", "keras", "pandas", "music21", "matplotlib", "onnxruntime"),
    *("scipy", "sklearn", "starlette", "uvicorn", "verovio", "chorale.studio"),
)


# Code by name, run in this order in one interpreter.
INSTANT = {
    "import": "from chorale import *",
    **{
        words: f"sys.argv = {['chorale', *words.split()]!r}\nrun()"
        for words in (
            "--help",
            "generate --help",
            "harmonize --help",
            "train --help",
            "seeds",
        )
    },
}


@pytest.fixture(scope="module")
def loaded() -> dict[str, list[str]]:
    """Return the modules of HEAVY that are loaded after each piece of code."""
    lines = [
        "import contextlib, json, sys",
        "def run():",
        "    from chorale.commands import main",
        "    with contextlib.suppress(SystemExit):",
        "        main()",
        "loaded = {}",
    ]
    for name, code in INSTANT.items():
        lines += [code, f"loaded[{name!r}] = [*{{*sys.modules}} & {{*{HEAVY}}}]"]
    lines.append("print(json.dumps(loaded))")
    result = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[str]] = json.loads(result.stdout.splitlines()[-1])
    return found


def test_public_names_are_there() -> None:
    assert sorted(chorale.__all__) == list(chorale.__all__)
    assert chorale.__all__ == api.__all__
    for name in chorale.__all__:
        assert getattr(chorale, name) is getattr(api, name)


@pytest.mark.parametrize("package", [chorale, sketches])
def test_names_are_listed_and_others_refused(package: Any) -> None:
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name) is not None
    with pytest.raises(AttributeError, match=f"'{package.__name__}' has no attribute"):
        package.nothing  # noqa: B018
    namespace: dict[str, object] = {}
    exec("from chorale import *", namespace)
    assert set(chorale.__all__) <= set(namespace)


def test_version_is_the_first_of_the_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", text, re.MULTILINE)[0] == chorale.__version__


@pytest.mark.parametrize("name", INSTANT)
def test_what_should_be_instant_loads_nothing_heavy(
    name: str, loaded: dict[str, list[str]]
) -> None:
    assert loaded[name] == []


def test_keras_and_what_it_runs_on_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = {"keras", "jax"}
    monkeypatch.setattr(extras, "find_spec", lambda name: name in there)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    extras.require_keras("training")
    there.remove("jax")
    with pytest.raises(MissingExtraError, match=r"=jax needs the extra \[jax\]"):
        extras.require_keras("training")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    with pytest.raises(UsageError, match=r"needs torch, .*: pip install torch"):
        extras.require_keras("training")
    for backend in ("tensorflow", ""):  # the default
        monkeypatch.setenv("KERAS_BACKEND", backend)
        with pytest.raises(MissingExtraError, match=r"training needs .* \[train\]"):
            extras.require_keras("training")
    with pytest.raises(MissingExtraError, match=r"ARIMA needs the extra \[train\]"):
        extras.require("train", "ARIMA")


def test_types_are_marked() -> None:
    assert (Path(chorale.__file__).parent / "py.typed").is_file()


def test_dependencies_are_bounded_and_the_known_good_versions_lie_within() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    known = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    )
    for text in chain(project["dependencies"], *extras):
        requirement = Requirement(text)
        if requirement.name != "chorale":
            bounds = {bound.operator for bound in requirement.specifier}
            assert bounds == {">=", "<"}, text
            assert requirement.specifier.contains(known[requirement.name]), text


def test_it_runs_as_a_module() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "chorale", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == f"chorale {chorale.__version__}\n"
