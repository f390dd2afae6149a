"""`chorale studio`: see, hear and change chorales in the browser, offline."""

from __future__ import annotations

import logging
import os
import secrets
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.options import ADVANCED
from chorale.commands.printing import print_remarks
from chorale.studio.server_settings import HOST, PORT, Settings, is_loopback
from chorale.utils.extras import require

File = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]",
        help="A piece or a melody to begin with: MIDI, MusicXML, ABC, Humdrum, MEI, "
        "MuseScore or CSV.",
        show_default=False,
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=65535,
        help="Port to listen on; 0 for any.",
        show_default=f"{PORT}, or the next one that is free",
    ),
]


def studio(
    file: File = None,
    port: Port = None,
    no_browser: Annotated[
        bool,
        typer.Option("--no-browser", help="Print the address and open no browser."),
    ] = False,
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen on. 0.0.0.0 lets others in the network use the "
            "studio; they need the token in the address that is printed.",
            rich_help_panel=ADVANCED,
        ),
    ] = HOST,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug",
            help="Print where in the program errors come from that are bugs of it.",
            rich_help_panel=ADVANCED,
        ),
    ] = False,
) -> None:
    """Open the studio: see, hear and change chorales in the browser, offline.

    Draw a melody or drop a file, have it harmonized, rewrite what you select,
    and save it as MIDI, MusicXML, WAV or SVG. Nothing leaves this machine.
    Ctrl-C stops it.

    MuseScore: copy chorale-harmonize.qml from chorale/studio/musescore of the
    installed package to Documents/MuseScore4/Plugins, switch it on under
    Home > Plugins, and choose Plugins > Harmonize (chorale) while the studio
    runs.

    Example: chorale studio my-tune.musicxml
    """
    require("studio", "chorale studio")
    from chorale.studio.jobs import Jobs
    from chorale.studio.lazy_functions import LazyFunctions
    from chorale.studio.listening import listen, serve
    from chorale.studio.server import application

    functions, jobs = LazyFunctions(), Jobs()
    opened = None if file is None else functions.open_path(file)
    print_remarks(*(opened or {}).get("remarks", ()))
    server_socket = listen(host, PORT if port is None else port, exactly=bool(port))
    settings = Settings(
        host=host,
        port=server_socket.getsockname()[1],
        token=None if is_loopback(host) else secrets.token_urlsafe(24),
        opened=opened,
    )

    def started() -> None:
        typer.echo(settings.address)
        sys.stdout.flush()
        print_remarks(*_explanations(settings.port, port, settings.token))
        if not no_browser and _has_screen():
            _open_browser(settings.address)

    _log_to_stderr(debug)
    with server_socket:
        serve(
            application(settings, functions, jobs),
            server_socket,
            started=started,
            stopping=jobs.close,
        )


def _explanations(port: int, wanted: int | None, token: str | None) -> list[str]:
    """Return what to know about the address."""
    remarks = []
    if wanted is None and port != PORT:
        remarks.append(
            f"port {PORT} is taken, perhaps by another studio: this one is at {port}. "
            "The browser keeps a piece of its own for each port"
        )
    if token is not None:
        remarks.append(
            "others in the network can reach this machine: the token in the address "
            "lets in only those who know it. What they send is not encrypted"
        )
    return [*remarks, "Ctrl-C stops the studio"]


def _open_browser(address: str) -> None:
    """Show an address in the browser, and go on: some return only when closed."""
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()


def _has_screen() -> bool:
    """Return whether a browser with a window can be opened.

    Otherwise a browser in the terminal could take the place of the command.
    """
    if sys.platform.startswith("linux"):
        return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return True


def _log_to_stderr(debug: bool) -> None:
    """Print errors that nobody foresaw, as the page shows only a sentence."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("chorale: %(message)s"))
    log = logging.getLogger("chorale.studio")
    log.handlers, log.propagate = [handler], False
    log.setLevel(logging.DEBUG if debug else logging.WARNING)
