"""Plugins: bodies from outside this package, and where each of them comes from.

A plugin is code that the user names: a module that calls `chorale.register_body`, named
by `chorale train --plugin` or imported by a program, or an entry point of the group
`chorale.bodies` of an installed package. Nothing that a model names is ever imported.

Importing this loads no Keras, and nothing that is slow to import.
"""

from __future__ import annotations

import importlib
import re
import sys
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chorale.errors import ChoraleError, ModelError, UsageError
from chorale.utils.files import sha256

if TYPE_CHECKING:  # slow to import: only once a plugin is asked for
    from importlib.metadata import EntryPoint, EntryPoints

GROUP = "chorale.bodies"  # of entry points
MAIN = "__main__"  # module of what a script or a notebook defines
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_REASON = 300  # characters


@dataclass(frozen=True)
class Plugin:
    """A body from outside.

    Attributes:
        name: of the body.
        build: takes BodyOptions, returns a CausalLayer.
        module: whose import registers it.
        distribution, version: that it was installed with; empty if it was not.
    """

    name: str
    build: Callable[[Any], Any]
    module: str
    distribution: str = ""
    version: str = ""

    def origin(self) -> dict[str, str]:
        """Return where the body comes from, for the card of a model.

        `sha256` is that of the file that defines `build`; empty without a file, as in a
        notebook.
        """
        source = self.source()
        return {
            "module": self.module,
            "distribution": self.distribution,
            "version": self.version,
            "sha256": "" if source is None else sha256(source),
        }

    def source(self) -> Path | None:
        """Return the file that defines `build`, if there is one."""
        build: Any = self.build
        while isinstance(build, partial):
            build = build.func
        module = sys.modules.get(getattr(build, "__module__", None) or "")
        path = Path(getattr(module, "__file__", None) or "")
        return path if path.is_file() else None

    @contextmanager
    def errors(self, what: str) -> Iterator[None]:
        """Raise what the plugin's code raises as a ModelError with file and line."""
        try:
            yield
        except ChoraleError:
            raise
        except Exception as error:
            where = _place(error, self.source())
            raise ModelError(
                f"{self}: {what}: {where}{describe_error(error)}"
            ) from error

    def __str__(self) -> str:
        return f"the network {self.name!r} of the plugin {self.module}"


_registered: dict[str, Plugin] = {}
_importing: list[str] = []  # the modules that the user names, being imported


def add_plugin(name: str, build: Callable[[Any], Any], taken: Collection[str]) -> None:
    """Register a body; see `chorale.register_body`.

    Args:
        name, build: of the body.
        taken: names of the bodies of this package.

    Raises:
        UsageError: no name of a body, one that is taken, or a `build` that cannot be
            called.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(
            "expected the name of a network in small letters, digits and hyphens, such "
            f"as my-network, got {name!r}"
        )
    if not callable(build):
        raise UsageError(
            f"expected a function that builds the network {name}, got {build!r}"
        )
    module = _importing[0] if _importing else _module_of(build)
    before = _registered.get(name)
    # A module that is imported again, or a cell that is run again, replaces its own.
    owner = "chorale" if name in taken else before.module if before else module
    if owner != module:
        raise UsageError(
            f"the name {name} is taken by a network of {owner}: register the network "
            f"of {module} under another name"
        )
    distribution, version = _distribution_of(module)
    _registered[name] = Plugin(name, build, module, distribution, version)


def import_plugin(module: str) -> list[str]:
    """Import a module that the user names, and return the names of its bodies.

    It is looked for where Python finds modules, then in the working folder.

    Raises:
        UsageError: there is no such module, its import fails, or it registers nothing.
    """
    is_file = module.endswith(".py")
    if is_file or not all(word.isidentifier() for word in module.split(".")):
        hint = f": leave out .py, --plugin {Path(module).stem}" if is_file else ""
        raise UsageError(
            f"expected the name of a Python module, such as my_network, got {module!r}"
            + hint
        )
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.append(folder)
    importlib.invalidate_caches()
    before = dict(_registered)
    _importing.append(module)
    try:
        imported = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise UsageError(_not_found(module, error.name or "")) from error
    except ChoraleError:
        raise
    except (Exception, SystemExit) as error:
        where = _place(error, None)
        raise UsageError(
            f"importing the plugin {module} fails: {where}{describe_error(error)}"
        ) from error
    finally:
        _importing.pop()
    names = [
        name
        for name, plugin in _registered.items()
        if before.get(name) is not plugin
        or plugin.module == module
        or plugin.module.startswith(f"{module}.")
    ]
    if not names:
        file = getattr(imported, "__file__", None)
        raise UsageError(
            f"the plugin {module}{f' ({file})' if file else ''} registers no network: "
            "call chorale.register_body(name, build) in it"
        )
    return names


def plugin_module(name: str) -> str | None:
    """Return the module that has a body, registered or of an entry point, or None.

    Nothing is imported.

    Raises:
        UsageError: several installed packages have entry points of the name.
    """
    if name in _registered:
        return _registered[name].module
    entry = _entry_point(name)
    return entry.module if entry else None


def plugin_names() -> list[str]:
    """Return the names of all bodies from outside; nothing is imported."""
    return sorted({*_registered, *_entry_points().names})


def load_plugin(name: str, module: str) -> Plugin:
    """Return a body that is registered, or that of an entry point.

    Args:
        name: of the body.
        module: that a card or a run says it comes from. It is not imported.

    Raises:
        UsageError: it is neither, it comes from another module, or its import fails.
    """
    plugin = _registered.get(name)
    if plugin is None and (entry := _entry_point(name)):
        _importing.append(entry.module)
        try:
            build = entry.load()
        except (Exception, SystemExit) as error:
            raise UsageError(
                f"importing the entry point {entry.value} of the group {GROUP} fails: "
                f"{_place(error, None)}{describe_error(error)}"
            ) from error
        finally:
            _importing.pop()
        dist = entry.dist
        about = (dist.name, dist.version) if dist else ("", "")
        plugin = Plugin(name, build, entry.module, *about)
        _registered[name] = plugin
    if plugin is None:
        how = f"on the command line add --plugin {module}, in Python import {module}"
        if module == MAIN:
            how = "run the lines of the script or notebook that register it"
        raise UsageError(
            f"the network {name!r} comes from the plugin {module}, which is not "
            f"loaded: first {how}"
        )
    if plugin.module != module:
        raise UsageError(
            f"the network {name!r} comes from the plugin {module}, but the one that is "
            f"loaded is of {plugin.module}: load {module} only"
        )
    return plugin


def ensure_plugin(name: str, module: str) -> None:
    """Import the plugin of a body unless it is loaded or an entry point.

    It is for processes that go on with the work of one that the user began.

    Args:
        name: of the body.
        module: its plugin; nothing is done if it is empty.

    Raises:
        UsageError: see `import_plugin`.
    """
    if module and plugin_module(name) is None:
        import_plugin(module)


def describe_error(error: BaseException) -> str:
    """Return kind and message of an error on one line."""
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    reason = f"{type(error).__name__}: {' '.join(message.split())}"
    is_long = len(reason) > _LONGEST_REASON
    return reason[: _LONGEST_REASON - 1] + "…" if is_long else reason


def _entry_points() -> EntryPoints:
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)


def _entry_point(name: str) -> EntryPoint | None:
    """Return the entry point of a body, if an installed package has one."""
    found = {
        (entry.value, entry.dist.name if entry.dist else ""): entry
        for entry in _entry_points().select(name=name)
    }
    if len(found) > 1:
        packages = ", ".join(sorted(package for _, package in found))
        raise UsageError(
            f"several installed packages have a network {name!r} ({packages}): "
            "uninstall all but one"
        )
    return next(iter(found.values()), None)


def _module_of(build: Any) -> str:
    while isinstance(build, partial):
        build = build.func
    return getattr(build, "__module__", None) or MAIN


def _distribution_of(module: str) -> tuple[str, str]:
    """Return name and version of the installed package that has a module, or ''."""
    from importlib import metadata

    names = metadata.packages_distributions().get(module.partition(".")[0])
    return (names[0], metadata.version(names[0])) if names else ("", "")


def _not_found(module: str, missing: str) -> str:
    """Return why a module was not found: it is missing, or one that it imports."""
    if missing and (module == missing or module.startswith(f"{missing}.")):
        return (
            f"there is no module {missing!r}, the plugin: expected {missing}.py or a "
            "folder of that name in the working folder, or an installed package"
        )
    return f"the plugin {module} imports {missing!r}, which is not installed"


def _place(error: BaseException, source: Path | None) -> str:
    """Return file and line of an error: the last one in `source`, or of all."""
    if isinstance(error, SyntaxError):
        return f"{error.filename}, line {error.lineno}: "
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if (frame.filename == str(source) if source else "<" not in frame.filename)
    ]
    return f"{frames[-1].filename}, line {frames[-1].lineno}: " if frames else ""
