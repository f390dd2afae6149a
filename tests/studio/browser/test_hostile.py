"""Names, titles, lyrics and pictures with scripts: nothing of them is executed."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect
from studio_pages import drop, open_studio, wait_for_score

from chorale.music.lyrics import Lyric
from chorale.music.score import Chorale, Note
from chorale.studio.exports import file_of

SCRIPT = '<img src=x onerror="executed=1"><script>executed=1</script><svg onload=x()'
PICTURE = """<svg xmlns="http://www.w3.org/2000/svg"
xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:h="http://www.w3.org/1999/xhtml">
<g:script xmlns:g="http://www.w3.org/2000/svg">executed=1</g:script>
<h:script>executed=1</h:script><h:title>title</h:title>
<foreignObject><h:iframe src="javascript:parent.executed=1"/></foreignObject>
<use href="data:image/svg+xml,&lt;svg id='x'/&gt;#x"/><use xlink:href="/a.svg#x"/>
<a href="javascript:executed=1"><text>link</text></a>
<g><animate attributeName="href" values="javascript:executed=1"/>
<set attributeName="onclick" to="executed=1"/></g><image href="/a.png"/>
<rect fill="URL (/a.svg#x)" filter="u&#x72;l(/a.svg#x)"/>
<path stroke="u\\72l(/a.svg#x)" d="M0 0"/><text class="kept">text</text></svg>"""
SHOW = """async (text) => {
  const { svgFrom } = await import("/page/svg.js");
  document.body.append(svgFrom(text));
  await new Promise((wait) => { setTimeout(wait, 300); });
}"""
REMNANTS = """() => [...document.querySelector("body > svg:last-child")
  .querySelectorAll("*")].flatMap((node) => [node.localName,
    ...[...node.attributes].map(({ name, value }) => `${name}=${value}`)])"""


def executed(page: Page) -> Any:
    return page.evaluate("() => typeof window.executed")


def test_titles_lyrics_and_names_are_text(page: Page) -> None:
    line = [Note(72 - step, 4 * step, 4) for step in range(4)]
    lyrics = tuple(Lyric(step=4 * n, voice=0, text=SCRIPT) for n in range(4))
    piece = Chorale.from_notes(
        [line, [], [], []], 16, title=SCRIPT, credit=SCRIPT, lyrics=lyrics
    )
    name = '"><img src=x onerror=executed=1>.musicxml'
    open_studio(page)
    drop(page, name, file_of(piece, "musicxml")[0])
    wait_for_score(page)
    page.reload()
    wait_for_score(page)
    undo = page.locator("#undo")
    expect(undo).to_have_attribute("aria-label", f"Undo: Open {name}")
    assert executed(page) == "undefined"
    assert page.locator("img:not(.mark), [onerror], [onload]").count() == 0


def test_of_a_picture_only_shapes_remain(page: Page) -> None:
    open_studio(page)
    page.evaluate(SHOW, PICTURE)
    assert executed(page) == "undefined"
    found = page.evaluate(REMNANTS)
    assert found == [
        *("use", "use", "g", "rect", "path", "d=M0 0", "text", "class=kept"),
    ]
