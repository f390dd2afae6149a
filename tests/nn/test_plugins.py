"""Bodies from outside: how they are named, found and refused. Nothing loads Keras."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from plugged import BUILD, REGISTER, no_plugins, write_module, write_package

import chorale
from chorale.errors import UsageError
from chorale.models.options import NetworkOptions
from chorale.models.storage import Card, load_card
from chorale.nn.bodies import BODIES, BodyOptions
from chorale.nn.plugins import (
    import_plugin,
    load_plugin,
    plugin_module,
    plugin_names,
)

TINY = "import chorale\nchorale.register_body({name!r}, print)\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty folder, in which modules are found."""
    monkeypatch.chdir(tmp_path)
    with no_plugins(tmp_path):
        yield tmp_path


def build(options: BodyOptions) -> None:
    return None


# === Names ===


def test_a_registered_body_is_an_option_like_any_other() -> None:
    chorale.register_body("mine", build)  # type: ignore[arg-type]
    options = NetworkOptions(body="mine", units=32)
    assert (options.plugin, options.layers) == (__name__, 2)
    assert NetworkOptions(body="mine", layers=5).layers == 5
    assert plugin_names() == ["mine"]
    assert NetworkOptions(body="gru").plugin == ""


def test_options_that_name_their_plugin_are_read_without_it() -> None:
    options = BodyOptions(body="mine", plugin="far.away")
    assert (options.body, options.plugin) == ("mine", "far.away")
    assert BodyOptions(body="gru", plugin="far.away").plugin == ""


@pytest.mark.parametrize(
    "name", ["", "Mine", "my_net", "-mine", "mine-", "a b", "é", 3, None]
)
def test_an_unsuitable_name_is_refused(name: object) -> None:
    with pytest.raises(UsageError, match="such as my-network, got "):
        chorale.register_body(name, build)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", BODIES)
def test_names_of_this_package_are_taken(name: str) -> None:
    with pytest.raises(UsageError, match=f"the name {name} is taken by .* chorale"):
        chorale.register_body(name, build)  # type: ignore[arg-type]


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(UsageError, match=r"a function that builds .* got 'gru'"):
        chorale.register_body("mine", "gru")  # type: ignore[arg-type]


def test_a_module_replaces_its_own_body_but_not_that_of_another(folder: Path) -> None:
    chorale.register_body("mine", build)  # type: ignore[arg-type]
    again = partial(build)
    chorale.register_body("mine", again)  # type: ignore[arg-type]
    assert load_plugin("mine", __name__).build is again
    write_module(folder, "rival", TINY.format(name="mine"))
    with pytest.raises(UsageError, match=f"mine is taken by a network of {__name__}"):
        import_plugin("rival")


# === Modules that the user names ===


def test_a_module_of_the_working_folder_is_imported(folder: Path) -> None:
    sys.path.remove(str(folder))
    path = write_module(folder, "two_nets", TINY.format(name="a"))
    path.write_text(path.read_text() + "chorale.register_body('b', repr)\n")
    assert import_plugin("two_nets") == ["a", "b"]
    assert import_plugin("two_nets") == ["a", "b"]  # imported before
    assert plugin_module("a") == "two_nets"


def test_the_plugin_is_what_the_user_names_not_where_the_function_is(
    folder: Path,
) -> None:
    net = write_module(folder / "mypackage", "net", BUILD.replace("import keras", ""))
    net.write_text("def build(options):\n    return None\n")
    text = "from mypackage.net import build\nimport chorale\n"
    text += "chorale.register_body('mine', build)\n"
    write_module(folder / "mypackage", "__init__", text)
    info = write_package(folder, "my-package", {})
    (info / "top_level.txt").write_text("mypackage\n")
    assert import_plugin("mypackage") == ["mine"]
    assert load_plugin("mine", "mypackage").origin() == {
        "module": "mypackage",
        "distribution": "my-package",
        "version": "1.2",
        "sha256": sha256(net.read_bytes()).hexdigest(),
    }


def test_a_module_outside_any_package_has_no_version(folder: Path) -> None:
    path = write_module(folder, "plain", TINY.format(name="plain"))
    path.write_text(path.read_text().replace("print", "lambda options: None"))
    import_plugin("plain")
    origin = load_plugin("plain", "plain").origin()
    digest = sha256(path.read_bytes()).hexdigest()
    assert origin == {
        "module": "plain",
        "distribution": "",
        "version": "",
        "sha256": digest,
    }


def test_a_function_without_a_file_has_no_hash() -> None:
    chorale.register_body("mine", len)  # type: ignore[arg-type]
    assert load_plugin("mine", "builtins").origin()["sha256"] == ""


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("absent", None, r"no module 'absent', the plugin: expected absent\.py or a"),
        ("absent.net", None, r"no module 'absent', the plugin"),
        ("needy", "import not_there", "needy imports 'not_there', which is not inst"),
        ("silent", "x = 1", r"silent \(.*silent\.py\) registers no network: call cho"),
        (
            "broken",
            "def f(:\n",
            r"broken fails: .*broken\.py, line 1: SyntaxError: inv",
        ),
        ("raising", "\n\n1 / 0", r"raising\.py, line 3: ZeroDivisionError: division"),
        ("leaving", "raise SystemExit(3)", r"leaving\.py, line 1: SystemExit: 3"),
        ("wrong", TINY.format(name="gru"), "the name gru is taken by a network of cho"),
        ("a/b", None, "expected the name of a Python module, .* got 'a/b'"),
        ("net.py", "x = 1", r"got 'net\.py': leave out \.py, --plugin net$"),
        ("", None, "expected the name of a Python module"),
    ],
)
def test_a_module_that_is_no_plugin_is_refused(
    name: str, text: str | None, message: str, folder: Path
) -> None:
    if text is not None:
        write_module(folder, name.removesuffix(".py"), text)
    with pytest.raises(UsageError, match=message):
        import_plugin(name)


def test_long_reasons_are_cut(folder: Path) -> None:
    write_module(folder, "wordy", "raise ValueError('very ' * 1000)")
    with pytest.raises(UsageError, match=r"ValueError: very very .*…$") as raised:
        import_plugin("wordy")
    assert len(str(raised.value)) < 600


# === Entry points ===


def test_an_entry_point_is_known_before_it_is_imported(folder: Path) -> None:
    write_module(folder, "afar", BUILD.replace("import keras", ""))
    write_package(folder, "far-nets", {"far-net": "afar:build"})
    options = NetworkOptions(body="far-net")
    assert options.plugin == "afar" and "afar" not in sys.modules
    assert "far-net" in plugin_names()


def test_an_entry_point_says_what_package_it_is_of(folder: Path) -> None:
    text = "def build(options):\n    return None\n"
    path = write_module(folder, "afar", text)
    write_package(folder, "far-nets", {"far-net": "afar:build"}, "3.1")
    plugin = load_plugin("far-net", "afar")
    assert plugin.build(BodyOptions()) is None
    assert plugin.origin() == {
        "module": "afar",
        "distribution": "far-nets",
        "version": "3.1",
        "sha256": sha256(path.read_bytes()).hexdigest(),
    }


def test_two_packages_with_one_name_are_refused(folder: Path) -> None:
    write_package(folder, "nets-a", {"net": "a:build"})
    write_package(folder, "nets-b", {"net": "b:build"})
    with pytest.raises(UsageError, match=r"'net' \(nets-a, nets-b\): uninstall all"):
        NetworkOptions(body="net")


@pytest.mark.parametrize("value", ["nowhere:build", "sys:nothing", "failing:build"])
def test_an_entry_point_that_fails_is_refused(value: str, folder: Path) -> None:
    write_module(folder, "failing", "1 / 0")
    write_package(folder, "nets", {"net": value})
    with pytest.raises(UsageError, match=f"importing the entry point {value} of the"):
        load_plugin("net", value.partition(":")[0])


# === What is not loaded ===


def test_a_body_of_a_plugin_that_is_not_loaded_is_refused() -> None:
    message = "'mine' comes from the plugin far.away, .*: first .* --plugin far.away"
    with pytest.raises(UsageError, match=message):
        load_plugin("mine", "far.away")
    chorale.register_body("mine", build)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=f"is loaded is of {__name__}: load far.away"):
        load_plugin("mine", "far.away")
    with pytest.raises(UsageError, match="run the lines of the script or notebook"):
        load_plugin("of-a-notebook", "__main__")


def test_an_unknown_network_is_refused_by_name() -> None:
    chorale.register_body("mine", build)  # type: ignore[arg-type]
    message = "attention, mine, got 'yours'; a network of your own needs --plugin"
    with pytest.raises(UsageError, match=message):
        NetworkOptions(body="yours")


def test_a_card_is_read_without_its_plugin(folder: Path) -> None:
    write_module(folder, "evil", "open('harm', 'w')\n" + BUILD + REGISTER)
    card = load_card("jsb").to_json()
    card = card.replace('"plugin": ""', '"plugin": "evil"')
    card = card.replace('"body": "wavenet"', '"body": "residual-gru"')
    read = Card.from_json(card)
    assert isinstance(read.network, NetworkOptions)
    assert (read.network.body, read.network.plugin) == ("residual-gru", "evil")
    assert "evil" not in sys.modules and not (folder / "harm").exists()
