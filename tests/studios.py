"""`chorale studio` as its users start it, and what tests watch in a browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ports import free_ports

if TYPE_CHECKING:
    from playwright.sync_api import Page

START_SECONDS = 90  # of a busy machine
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
NO_BROWSER = (
    "no browser found: install Chromium (Debian: apt-get install chromium), or name "
    "it in the environment variable CHROMIUM"
)


def find_browser() -> str | None:
    """Return the path of the program in CHROMIUM, or of Chromium, if there is one."""
    named = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, [named] if named else BROWSERS)), None)


class Studio:
    """A server in a process of its own, which may be killed and started again.

    url: where it listens, the same after a restart. log: what it printed.
    """

    def __init__(self, folder: Path, *words: str | Path) -> None:
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"studio-{self.port}.log"
        self._words = [*map(str, words)]
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        assert self._process is None, "already started"
        command = [sys.executable, "-m", "chorale", "studio", *self._words]
        command += ["--no-browser", "--port", str(self.port)]
        root = str(Path(__file__).parent.parent)
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        settings = {
            "PYTHONPATH": os.pathsep.join(paths),
            "CHORALE_MODELS": str(self._folder / "no-models"),
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **settings},
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        limit = time.monotonic() + START_SECONDS
        while not self._answers():
            code = self._process.poll()
            printed = self.log.read_text(encoding="utf-8", errors="replace")
            assert code is None, f"chorale studio ended with {code}:\n{printed}"
            assert time.monotonic() < limit, f"no answer from {self.url}:\n{printed}"
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server as a crash would, without a chance to clean up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """End the server as Ctrl+C and closing a terminal do; return the exit code."""
        assert self._process is not None, "not started"
        self._process.terminate()
        try:
            return self._process.wait(20)
        finally:
            self.kill()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url, timeout=5):
                return True
        except urllib.error.HTTPError as error:
            error.close()
            return True
        except OSError:
            return False


class Watcher:
    """Collects what a page must not do: errors, and requests to other servers.

    servers: addresses of requests that are no fault. allowed: patterns of faults that a
    test provokes on purpose.
    """

    def __init__(self) -> None:
        self.servers: list[str] = []
        self.allowed: list[str] = []
        self._seen: list[str] = []

    def watch(self, page: Page) -> None:
        """Collect the faults of a page from now on."""
        page.on("console", self._read_console)
        page.on("pageerror", lambda error: self._seen.append(f"page error: {error}"))

    def read_request(self, request: Any) -> None:
        """Note a request that goes elsewhere."""
        own = tuple(f"{server}/" for server in self.servers)
        if not request.url.startswith((*own, "data:", "blob:")):
            self._seen.append(f"request to {request.url}")

    def faults(self) -> list[str]:
        """Return what was seen and is not allowed."""
        return [
            fault
            for fault in self._seen
            if not any(re.search(pattern, fault) for pattern in self.allowed)
        ]

    def _read_console(self, message: Any) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self._seen.append(f"console: {message.text} {where}".rstrip())
