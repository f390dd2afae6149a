"""The written page: whole, small, and blind."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from pairs_to_hear import WORDING, pairs_to_hear

from chorale.evaluation.listening import Pair, Wording, listening_page, page
from chorale.evaluation.listening.packing import packed, unpacked
from chorale.evaluation.listening.page import script


class _Reader(HTMLParser):
    """Collects the elements of a page, and the texts of its scripts by identifier."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str, str] = {}
        self._script: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self._script = dict(attrs).get("id") or "module"

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts[self._script] = self.scripts.get(self._script, "") + data


def contents(text: str) -> dict[str, Any]:
    """Return the JSON in a page, by identifier."""
    scripts = _Reader(text).scripts
    names = ("settings", "pairs", "solution")
    return {name: json.loads(scripts[name]) for name in names}


def test_packing_is_undone() -> None:
    document = {"titel": "Wär Gott nicht", "list": [1, None, "</script>"]}
    assert unpacked(packed(document)) == document
    assert "Gott" not in packed(document)


def test_a_page_is_one_file_that_needs_no_other() -> None:
    text = listening_page(pairs_to_hear(2), WORDING)
    reader = _Reader(text)
    assert not re.search(r"\{\{\w+\}\}", text)
    for tag, attributes in reader.elements:
        assert not {"src", "href", "srcset", "data"} & set(attributes), tag
        assert tag not in ("link", "iframe", "object", "base")
    policy = next(
        attributes["content"]
        for tag, attributes in reader.elements
        if tag == "meta" and "http-equiv" in attributes
    )
    assert policy and "default-src 'none'" in policy
    attributed = [attributes for _, attributes in reader.elements]
    names = [attributes["id"] for attributes in attributed if "id" in attributes]
    assert len(names) == len(set(names))
    assert "import " not in re.sub(r"/\*.*?\*/|//.*", "", script(), flags=re.S)


def test_pairs_and_solution_are_as_given() -> None:
    pairs = pairs_to_hear(3)
    found = contents(listening_page(pairs, WORDING, random_state=5))
    solution = unpacked(found["solution"])
    assert solution["about"] == WORDING.about
    for pair, text, side, name in zip(
        pairs, found["pairs"], solution["originals"], solution["pieces"], strict=True
    ):
        document = unpacked(text)
        other = "B" if side == "A" else "A"
        for each, piece in ((side, pair.original), (other, pair.sample)):
            voices = document[each]["piece"]["voices"]
            assert voices[0] == [list(note) for note in piece.notes(0)]
        assert pair.original.source in name


def test_all_but_the_solution_is_blind(monkeypatch: pytest.MonkeyPatch) -> None:
    # Were the samples the originals, on the other sides, the page would be the same.
    pairs = pairs_to_hear(4)
    swapped = [
        Pair(original=pair.sample, sample=pair.original, opening=pair.opening)
        for pair in pairs
    ]
    texts = []
    for each, sides in ((pairs, "ABBA"), (swapped, "BAAB")):
        monkeypatch.setattr(page, "draw_sides", lambda *_, sides=sides: sides)
        text = listening_page(each, WORDING)
        solution = json.dumps(contents(text)["solution"])
        assert solution in text
        texts.append(text.replace(solution, ""))
    assert texts[0] == texts[1]


def test_no_name_of_a_piece_can_be_read_in_the_file() -> None:
    pairs = pairs_to_hear(4)
    text = listening_page(pairs, WORDING).casefold()
    assert not re.search(r"bwv ?\d", text)
    for pair in pairs:
        for name in (pair.original.title, pair.sample.title, pair.sample.credit):
            assert name.casefold() not in text


def test_the_same_pairs_give_the_same_page_another_seed_other_sides() -> None:
    pairs = pairs_to_hear(4)
    text = listening_page(pairs, WORDING, random_state=1)
    assert listening_page(pairs, WORDING, random_state=1) == text
    others = [listening_page(pairs, WORDING, random_state=seed) for seed in range(3)]
    solutions = [unpacked(contents(other)["solution"]) for other in others]
    assert len({solution["originals"] for solution in solutions}) > 1


def test_a_page_of_another_corpus_says_so_and_is_safe() -> None:
    wording = Wording.of(
        "<i>hymns</i></script>", is_bach=False, opening="2 bars", about=""
    )
    text = listening_page(pairs_to_hear(1), wording)
    assert "Which one is from &lt;i&gt;hymns&lt;/i&gt;" in text
    assert "from the corpus &lt;i&gt;" in text and "<i>hymns" not in text
    assert contents(text)["settings"]["author"] == "<i>hymns</i></script>"
    assert text.count("</script>") == 4
    assert "Bach" not in text
    assert "1 pair of pieces" in text


def test_a_page_of_twenty_pairs_is_small_enough_to_send() -> None:
    one, two = (len(listening_page(pairs_to_hear(n), WORDING)) for n in (1, 2))
    assert one + 19 * (two - one) < 10_000_000
