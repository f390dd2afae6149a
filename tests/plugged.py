"""A network from outside: a module of a user's own, written where a test wants it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from chorale.nn import plugins

# The lines of a user: normalized GRU layers with residual connections.
BUILD = """\
import keras

from chorale.nn.causal import Chain, Residual


def build(options):
    blocks = []
    for _ in range(options.layers):
        layers = [
            keras.layers.LayerNormalization(),
            keras.layers.GRU(options.units),
            keras.layers.Dropout(options.dropout),
        ]
        blocks.append(Residual(layers))
    return Chain(blocks)
"""
REGISTER = """

import chorale

chorale.register_body("residual-gru", build)
"""


def write_module(folder: Path, name: str, text: str = BUILD + REGISTER) -> Path:
    """Write a module into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    return path


def write_package(
    folder: Path, name: str, entry_points: dict[str, str], version: str = "1.2"
) -> Path:
    """Write the metadata of an installed package with entry points for bodies."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = [f"{key} = {value}" for key, value in entry_points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[chorale.bodies]", *lines]))
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    )
    return info


@contextlib.contextmanager
def no_plugins(*folders: Path) -> Iterator[None]:
    """Forget, inside and after, bodies that were registered and modules of plugins."""
    modules = set(sys.modules)
    path = [*map(str, folders), *sys.path]
    with (
        mock.patch.object(plugins, "_registered", {}),
        mock.patch.object(sys, "path", path),
    ):
        yield
    for name in set(sys.modules) - modules:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if any(Path(file).is_relative_to(folder) for folder in folders):
            del sys.modules[name]
