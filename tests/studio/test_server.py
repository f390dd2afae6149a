"""The server of the studio: its routes, and what they answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from serving import served

import chorale
from chorale.studio.services import Services


class FakeServices(Services):
    """Answers without models, engraver or files."""

    def catalogue(self) -> dict[str, Any]:
        return {"words": ["cat"]}

    def engrave(self, body: Any) -> Any:
        return {"pages": [body["piece"]["title"]]}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served(FakeServices(), remarks=("rounded",)) as client:
        yield client


def test_the_page_is_served(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert "<title>" in answer.text
    again = client.get(
        "/page/index.html", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_the_catalogue_has_the_version_and_what_was_opened(
    client: httpx.Client,
) -> None:
    assert client.get("/catalogue").json() == {
        "version": chorale.__version__,
        "words": ["cat"],
        "piece": None,
        "remarks": ["rounded"],
    }


def test_unknown_paths_and_methods_are_answered_in_a_sentence(
    client: httpx.Client,
) -> None:
    answer = client.get("/nothing")
    assert (answer.status_code, answer.json()) == (
        404,
        {"error": "there is nothing at /nothing"},
    )
    assert client.put("/engrave").json() == {"error": "/engrave takes no PUT"}
