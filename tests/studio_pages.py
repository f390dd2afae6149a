"""What a person does in the page of the studio, and what is in it then."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chorale.music.score import Chorale
from chorale.studio.piece_json import from_json, to_json

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

BUSY = 60_000  # milliseconds that a job may take on a busy machine

_STORE = "const { store } = await import('/page/store.js');"
_PLAYER = """
const { getPlayer } = await import('/page/transport.js');
const player = getPlayer();
"""
_WRITE = """async ([piece, label]) => {
  const { store } = await import('/page/store.js');
  const { noCells } = await import('/page/cells.js');
  store.apply(label, (document) => ({
    ...document, piece, written: noCells(), locked: noCells(), selection: null,
  }));
}"""
_LOUDNESS = f"""async () => {{ {_PLAYER}
  if (!player?.analyser) return 0;
  const samples = new Float32Array(player.analyser.fftSize);
  player.analyser.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
}}"""
_DROP = """([content, name]) => {
  const bytes = typeof content === "number" ? new Uint8Array(content)
    : Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    const options = { bubbles: true, cancelable: true, dataTransfer };
    document.body.dispatchEvent(new DragEvent(type, options));
  }
}"""


def until(page: Page, code: str, argument: object = None) -> None:
    """Wait until an asynchronous function of the page returns what is true."""
    end = time.monotonic() + BUSY / 1000
    while not page.evaluate(code, argument):
        assert time.monotonic() < end, f"waited in vain for {code}"
        page.wait_for_timeout(20)


# === What the page holds ===


def document_of(page: Page) -> dict[str, Any]:
    """Return the document of the page: its piece, cells and selection."""
    found: dict[str, Any] = page.evaluate(
        f"async () => {{ {_STORE} return store.document; }}"
    )
    return found


def labels(page: Page) -> list[str]:
    """Return the changes that can be undone, the oldest first."""
    found: list[str] = page.evaluate(
        f"async () => {{ {_STORE} return store.past.map(({{ label }}) => label); }}"
    )
    return found


def piece_of(page: Page) -> Chorale:
    """Return the piece of the page."""
    return from_json(document_of(page)["piece"])


def errors(page: Page) -> Locator:
    """Return the errors that the page shows."""
    return page.get_by_test_id("error")


# === What a person does ===


def open_studio(page: Page, piece: Chorale | None = None) -> None:
    """Open the page, with a piece in it, and wait until all of it is there."""
    page.goto("/")
    page.get_by_test_id("seed").first.wait_for(state="attached", timeout=BUSY)
    until(page, f"async () => {{ {_PLAYER} return Boolean(player); }}")
    if piece is not None:
        write_piece(page, piece)


def write_piece(page: Page, piece: Chorale) -> None:
    """Put a piece in place of the page's, a change with the name `Given`."""
    page.evaluate(_WRITE, [to_json(piece), "Given"])
    wait_for_score(page)


def wait_for_score(page: Page) -> None:
    """Wait until the page shows the notes of its piece."""
    code = """async () => {
      const { score } = await import('/page/score.js');
      return score.isFresh && score.notes.size > 0;
    }"""
    until(page, code)


def wait_for_change(page: Page, label: str, number: int = 1) -> None:
    """Wait until so many changes of a name can be undone, and the score shows them."""
    code = f"""async ([label, number]) => {{ {_STORE}
      return store.past.filter((change) => change.label === label).length >= number;
    }}"""
    until(page, code, [label, number])
    wait_for_score(page)


def wait_for_silence(page: Page) -> None:
    """Wait until the page is silent."""
    until(page, f"async () => await ({_LOUDNESS})() < 1e-4")


def wait_for_sound(page: Page) -> None:
    """Wait until samples that are not silent come out of the page."""
    until(page, f"async () => await ({_LOUDNESS})() > 1e-4")


def drop(page: Page, name: str, content: bytes | int) -> None:
    """Drop a file anywhere on the page: its content, or its size, all zeros."""
    if isinstance(content, bytes):
        page.evaluate(_DROP, [base64.b64encode(content).decode(), name])
    else:
        page.evaluate(_DROP, [content, name])


def choose(page: Page, action: str) -> None:
    """Open a part of the panel, such as `harmonize`."""
    page.locator(f"#action-{action}").click()


def run(page: Page, action: str, number: int = 1) -> None:
    """Run an action of the panel and wait for what it changes."""
    choose(page, action)
    page.locator("#run").click()
    wait_for_change(page, action.capitalize(), number)


def select(page: Page, first: Sequence[int], last: Sequence[int]) -> None:
    """Select by dragging from a note to another, each a voice and its first step."""
    ends = []
    for voice, step in (first, last):
        head = page.locator(f"#note-{voice}-{step} .notehead").first
        head.scroll_into_view_if_needed()
        box = head.bounding_box()
        assert box is not None
        ends.append((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
    page.mouse.move(*ends[0])
    page.mouse.down()
    page.mouse.move(*ends[1], steps=8)
    page.mouse.up()


def save(page: Page, entry: str, folder: Path) -> Path:
    """Save the piece by an entry of the menu; return the file."""
    page.locator("#out-summary").click()
    with page.expect_download(timeout=BUSY) as downloading:
        page.locator(f"#{entry}").click()
    path = folder / downloading.value.suggested_filename
    downloading.value.save_as(path)
    return path


def plain(value: object) -> str:
    """Return a value of JSON as a text that can be compared."""
    return json.dumps(value, sort_keys=True)
