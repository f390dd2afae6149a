"""`chorale studio`: how it starts, what it prints, how it stops."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import outcome
from ports import free_ports
from strategies import little_chorale
from studios import Studio

from chorale.commands import studio as command
from chorale.formats.files import write
from chorale.studio.server_settings import Settings, is_loopback, own_address
from chorale.utils import extras


@pytest.fixture
def addresses(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Return what the browser is asked to open; then Ctrl-C is pressed."""
    opened: list[str] = []

    def open_and_stop(address: str) -> None:
        opened.append(address)
        os.kill(os.getpid(), signal.SIGINT)

    log = logging.getLogger("chorale.studio")
    before = log.handlers, log.propagate, log.level
    monkeypatch.setattr(webbrowser, "open", open_and_stop)
    monkeypatch.setenv("DISPLAY", ":0")
    # Models would be loaded in vain.
    monkeypatch.setattr(
        "chorale.studio.lazy_functions.LazyFunctions.warm", lambda *_: None
    )
    yield opened
    log.handlers, log.propagate, log.level = before


# === Starting ===


def test_it_opens_the_browser_and_ctrl_c_ends_it(addresses: list[str]) -> None:
    (port,) = free_ports(1)
    assert outcome("studio", "--port", str(port)) == (
        0,
        f"http://127.0.0.1:{port}/\n",
        "note: Ctrl-C stops the studio\n",
    )
    assert addresses == [f"http://127.0.0.1:{port}/"]


def test_for_others_it_makes_a_token_and_says_why(addresses: list[str]) -> None:
    tokens = set()
    for _ in range(2):
        code, out, err = outcome("studio", "--host", "0.0.0.0", "--port", "0")
        match = re.fullmatch(r"http://[\d.]+:\d+/\?token=([\w-]{32})\n", out)
        assert code == 0
        assert match is not None
        assert "token in the address lets in only those who know it" in err
        tokens.add(match[1])
    assert len(tokens) == 2
    assert len(addresses) == 2


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, out, err = outcome("studio", "--no-browser", "--port", str(port))
    assert (code, out) == (1, "")
    assert err.startswith(f"chorale: port {port} is taken by another program")
    assert err.count("\n") == 1


def test_without_a_port_the_next_free_one_is_taken(
    addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        usual = other.getsockname()[1]
        monkeypatch.setattr(command, "PORT", usual)
        code, out, err = outcome("studio")
    port = int(out.rstrip("/\n").rpartition(":")[2])
    assert code == 0
    assert port != usual
    assert f"port {usual} is taken" in err
    assert f"this one is at {port}" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--host", "192.0.2.1"], "expected --host with an address of this machine"),
        (["--host", "no such host"], "expected --host with an address of this machine"),
        (["--port", "65536"], "65536 is not in the range 0<=x<=65535"),
    ],
)
def test_hosts_and_ports_that_are_none(words: list[str], message: str) -> None:
    code, out, err = outcome("studio", "--no-browser", *words)
    assert code in (1, 2)
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: name != "uvicorn")
    assert outcome("studio") == (
        1,
        "",
        "chorale: chorale studio needs the extra [studio]: install chorale with it, in "
        "a clone by pip install '.[studio]'\n",
    )


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:1685/"),
        ("localhost", "http://localhost:1685/"),
        ("::1", "http://[::1]:1685/"),
    ],
)
def test_addresses_of_this_machine_need_no_token(host: str, address: str) -> None:
    assert is_loopback(host)
    assert Settings(host=host).address == address


def test_addresses_for_others_have_the_token() -> None:
    for host in ("0.0.0.0", "::", "192.168.1.7", "evil.example", ""):
        assert not is_loopback(host)
    settings = Settings(host="192.168.1.7", port=80, token="secret")
    assert settings.address == "http://192.168.1.7:80/?token=secret"
    assert socket.inet_aton(own_address("0.0.0.0"))


# === A file ===


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.mid").touch()
    for name in ("missing.mid", "empty.mid"):
        path = tmp_path / name
        code, out, err = outcome("studio", path, "--no-browser")
        assert (code, out) == (1, "")
        assert err.startswith(f"chorale: {path}: ")
        assert err.count("\n") == 1


def test_a_file_is_opened_in_the_page(tmp_path: Path) -> None:
    write(little_chorale(), tmp_path / "hymn.csv")
    studio = Studio(tmp_path, tmp_path / "hymn.csv")
    try:
        studio.start()
        with urllib.request.urlopen(f"{studio.url}/catalogue") as answer:
            catalogue = json.load(answer)
    finally:
        studio.kill()
    opened = catalogue["opened"]
    assert opened["piece"]["steps"] == little_chorale().steps
    assert (opened["kind"], opened["voice"]) == ("chorale", None)
    assert opened["key_estimated"] is True
    assert opened["remarks"]
    for remark in opened["remarks"]:
        assert f"note: {remark}\n" in studio.log.read_text()


def test_the_help_says_how_musescore_is_joined() -> None:
    code, out, _ = outcome("studio", "--help")
    words = " ".join(re.sub(r"[^!-~]+", " ", out).split())
    assert code == 0
    assert "copy chorale-harmonize.qml from chorale/studio/musescore" in words
    assert "choose Plugins > Harmonize (chorale) while the studio runs" in words
    assert (Path(command.__file__).parents[1] / "studio/musescore").is_dir()


# === Stopping ===


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_while_a_job_runs_and_is_followed(
    number: signal.Signals, tmp_path: Path
) -> None:
    script = tmp_path / "slow.py"
    script.write_text(
        "import sys, time\n"
        "from chorale.studio.lazy_functions import LazyFunctions\n"
        "def work(progress):\n"
        "    for step in range(10_000):\n"
        "        time.sleep(0.01)\n"
        "        progress(step, 10_000)\n"
        "LazyFunctions.prepare = lambda *_: work\n"
        "LazyFunctions.warm = lambda *_: None\n"
        "sys.argv = ['chorale', 'studio', '--no-browser', '--port', '0']\n"
        "from chorale.commands import main\n"
        "main()\n"
    )
    with subprocess.Popen(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        address = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{address}jobs", b"{}") as answer:
            id = json.load(answer)["id"]
        with urllib.request.urlopen(f"{address}jobs/{id}/events") as events:
            while b"progress" not in events.readline():
                pass
            begin = time.monotonic()
            process.send_signal(number)
            assert b'"state":"cancelled"' in events.read()
        assert process.wait(20) == 0
        assert time.monotonic() - begin < 5
        assert process.stderr.read() == "note: Ctrl-C stops the studio\n"


def test_a_killed_server_starts_again_at_its_address(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    try:
        for _ in range(2):
            studio.start()
            with urllib.request.urlopen(studio.url) as answer:
                assert answer.status == 200
            studio.kill()
    finally:
        studio.kill()
