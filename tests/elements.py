"""A page with one of the studio's elements, under the studio's security policy."""

from __future__ import annotations

import time
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from chorale.studio.security import CONTENT_SECURITY_POLICY

PAGE = """<!doctype html><html lang="en"><title>element</title>
<link rel="stylesheet" href="/page/style.css">
<link rel="stylesheet" href="/page/melody_editor.css">
<link rel="stylesheet" href="/page/sketch_pad.css"><body></body></html>"""

# A MIDI output that keeps its messages, and an input that the test presses.
FAKE_MIDI = """
window.sent = [];
window.midiOutput = { name: "Fake", state: "connected",
  send: (data, time) => sent.push([[...data], time]) };
const input = new EventTarget();
input.name = "Fake keyboard";
input.state = "connected";
window.pressKey = (...data) => {
  const event = new Event("midimessage");
  event.data = new Uint8Array(data);
  input.dispatchEvent(event);
};
navigator.requestMIDIAccess = async () => ({
  inputs: new Map([["1", input]]), outputs: new Map([["1", midiOutput]]) });
"""


def open_blank(page: Page) -> None:
    """Open a page that has nothing but the styles."""
    page.route(
        "**/element",
        lambda route: route.fulfill(
            body=PAGE,
            content_type="text/html",
            headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
        ),
    )
    page.goto("/element")


def wait_until(page: Page, expression: str, seconds: float = 5.0) -> None:
    """Wait until an expression is true; the policy forbids Playwright's own way."""
    limit = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < limit, f"never true: {expression}"
        page.wait_for_timeout(10)


def piece_of(bars: int = 4, *, pickup: int = 0, **fields: Any) -> dict[str, Any]:
    """Return an empty piece in 4/4, as the server gives it."""
    starts = [pickup + 16 * bar for bar in range(bars)]
    written = [
        {"start": start, "number": number, "position": 0}
        for number, start in enumerate(starts, 1)
    ]
    if pickup:
        written.insert(0, {"start": 0, "number": 0, "position": 16 - pickup})
    return {
        "steps": pickup + 16 * bars,
        "voices": [[], [], [], []],
        "fermatas": [],
        "bars": written,
        "metres": [{"step": 0, "numerator": 4, "denominator": 4}],
        "key": "D major",
        "tempo": 120.0,
        "title": "",
        "source": "",
        "credit": "",
        "lyrics": [],
        **fields,
    }


def faults(page: Page) -> list[str]:
    """Return serious and critical faults that axe-core finds, with their elements."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]
