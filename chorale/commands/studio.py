"""`chorale studio`: see, hear and change chorales in the browser, offline."""

from __future__ import annotations

import os
import secrets
import sys
import threading
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.printing import print_remarks
from chorale.utils.extras import require

# As in `chorale.studio.settings`, which needs libraries that may be missing.
_PORT, _HOST = 1685, "127.0.0.1"


def studio(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A piece or a melody to open."),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Port to listen on; 0 for any.",
            show_default=f"{_PORT}, or the next one that is free",
        ),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Open no browser.")
    ] = False,
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen on; 0.0.0.0 lets others in the network use the "
            "studio, who need the token in the address that is printed."
        ),
    ] = _HOST,
) -> None:
    """Open the studio: see, hear and change chorales in the browser, offline.

    Draw a melody or drop a file, have it harmonized, rewrite what you select, and save
    it as MIDI, MusicXML, WAV or SVG. Nothing leaves this machine. Ctrl-C stops it.

    Example: chorale studio my-tune.musicxml
    """
    require("studio", "chorale studio")
    from chorale.studio.jobs import Jobs
    from chorale.studio.running import listen, serve
    from chorale.studio.server import application
    from chorale.studio.settings import Settings, is_loopback

    token = None if is_loopback(host) else secrets.token_urlsafe(24)
    server_socket = listen(host, _PORT if port is None else port, exactly=bool(port))
    settings = Settings(host=host, port=server_socket.getsockname()[1], token=token)

    def started() -> None:
        typer.echo(settings.address)
        sys.stdout.flush()
        print_remarks(*_explanations(settings.host, settings.port, token, port))
        if not no_browser and _has_screen():
            _open(settings.address)

    jobs = Jobs()
    serve(
        application(settings, jobs=jobs),
        server_socket,
        started=started,
        stopping=jobs.close,
    )


def _explanations(
    host: str, port: int, token: str | None, wanted: int | None
) -> list[str]:
    """Return what to know about the address."""
    remarks = []
    if wanted is None and port != _PORT:
        remarks.append(
            f"port {_PORT} is taken, perhaps by another studio, so this one is at "
            f"{port}; browsers keep the pieces of each port apart"
        )
    if token is not None:
        remarks.append(
            f"others in the network reach this machine at {host}: only those who "
            "have the token in this address are let in, and what they send is not "
            "encrypted"
        )
    return [*remarks, "Ctrl-C stops the studio"]


def _has_screen() -> bool:
    """Return whether a browser with a window can be opened.

    Otherwise a browser in the terminal could take the place of the command.
    """
    if sys.platform.startswith("linux"):
        return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return True


def _open(address: str) -> None:
    # Some browsers return only when they are closed.
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
