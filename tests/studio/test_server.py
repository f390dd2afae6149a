"""The server of the studio: its routes, and what they answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest
from serving import served

import chorale
from chorale.errors import DataError, MissingExtraError, ModelError, UsageError
from chorale.studio import events, server
from chorale.studio.lazy_functions import LazyFunctions
from chorale.studio.responses import disposition
from chorale.studio.shared_types import File, Work
from chorale.utils.progress import Progress

PATIENCE = 10.0  # seconds after which a test has failed
# What `open_path` answers for the file of the command line.
OPENED = {
    "piece": {"steps": 16},
    "kind": "melody",
    "voice": 1,
    "remarks": ["rounded"],
    "key_estimated": True,
}


class FakeFunctions(LazyFunctions):
    """Answers without models, engraver or files."""

    def __init__(self) -> None:
        # Work of jobs called "wait" goes on when this is set.
        self.go_on = threading.Event()
        self.is_warm = threading.Event()

    def warm(self, progress: Progress) -> None:
        progress(1, 1)
        self.is_warm.set()

    def prepare(self, job: Any) -> Work:
        action = job["action"]
        if action == "nonsense":
            raise UsageError("expected generate, harmonize or rewrite, got nonsense")

        def work(progress: Progress) -> Any:
            if action == "fail":
                raise DataError("bar 3, beat 2: the alto is silent")
            if action == "wait":
                assert self.go_on.wait(PATIENCE)
            for step in range(3):
                progress(step + 1, 3)
            return {"variations": [job]}

        return work

    def catalogue(self) -> dict[str, Any]:
        return {"words": ["cat"]}

    def open_upload(self, data: bytes, name: str) -> Any:
        return {"data": data.decode(), "name": name}

    def engrave(self, body: Any) -> Any:
        return {"pages": [body["piece"]["title"]]}

    def check(self, body: Any) -> Any:
        errors: dict[str, Exception] = {
            "usage": UsageError("not so"),
            "extra": MissingExtraError("score", "engraving"),
            "model": ModelError("it is damaged"),
        }
        raise errors[body]

    def export(self, body: Any, name: str) -> File:
        return f"{name} of {body}".encode(), "audio/midi", 'Ein "feste" Bürg\n.mid'

    def guess(self, body: Any) -> Any:
        return {"guesses": [], "strokes": body["strokes"]}


@pytest.fixture(scope="module")
def functions() -> FakeFunctions:
    return FakeFunctions()


@pytest.fixture(scope="module")
def client(functions: FakeFunctions) -> Iterator[httpx.Client]:
    with served(functions, opened=OPENED) as client:
        yield client


def stream(client: httpx.Client, id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the events of a job, by name and data, until the server ends them."""
    with client.stream("GET", f"/jobs/{id}/events", timeout=PATIENCE) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in answer.iter_lines():
            field, _, text = line.partition(": ")
            if field == "event":
                name = text
            elif field == "data":
                yield name, json.loads(text)


# === The page ===


def test_the_page_is_served(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert "<title>" in answer.text
    tag = answer.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = client.get("/page/index.html", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    again = client.get("/", headers={"If-None-Match": '"other"'})
    assert (again.status_code, again.content) == (200, answer.content)
    assert client.head("/").headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize(
    "path",
    [
        *("/page/", "/page/nothing.js", "/page/../server.py", "/page/%2e%2e/server.py"),
        *("/page/..%2fserver.py", "/page/..%2Fpage%2Findex.html", "/page/./index.html"),
        *("/page//index.html", "/page//etc/passwd", "/page/%2fetc/hosts.txt"),
        *("/page/..\\page\\index.html", "/page/index.html%00", "/page/%00.html"),
        *("/page/index.html/", "/page/.hidden.js", "/server.py"),
        "/page/" + "x/" * 500 + "index.html",
    ],
)
def test_only_files_of_the_page_are_served(client: httpx.Client, path: str) -> None:
    # httpx would resolve what this is about.
    port = client.base_url.port
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 404
        assert list(json.loads(answer.read())) == ["error"]


# === Quick requests ===


def test_the_catalogue_has_the_version_and_what_was_opened(
    client: httpx.Client,
) -> None:
    assert client.get("/catalogue").json() == {
        "version": chorale.__version__,
        "words": ["cat"],
        "opened": OPENED,
    }


def test_without_a_file_nothing_is_opened() -> None:
    with served(FakeFunctions()) as client:
        assert client.get("/catalogue").json()["opened"] is None


def test_quick_requests_are_answered(client: httpx.Client) -> None:
    opened = client.post("/open?name=a.mid", content=b"abc")
    assert opened.json() == {"data": "abc", "name": "a.mid"}
    engraved = client.post("/engrave", json={"piece": {"title": "Lobe den Herren"}})
    assert engraved.json() == {"pages": ["Lobe den Herren"]}
    guessed = client.post("/guess", json={"strokes": [[[1, 2]]]})
    assert guessed.json() == {"guesses": [], "strokes": [[[1, 2]]]}


def test_a_file_comes_with_a_name_that_is_safe(client: httpx.Client) -> None:
    answer = client.post("/export?format=midi", json=3)
    assert answer.content == b"midi of 3"
    assert answer.headers["content-type"] == "audio/midi"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Ein _feste_ B_rg_.mid\"; filename*=UTF-8''"
        "Ein%20%22feste%22%20B%C3%BCrg%0A.mid"
    )
    assert disposition("../a\\b.mid").startswith('attachment; filename=".._a_b.mid"')


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b'"usage"', 400, "not so"),
        (b'"extra"', 501, "engraving needs the extra [score]"),
        (b'"model"', 500, "it is damaged"),
        (b"", 400, "expected JSON"),
        (b"{", 400, "expected JSON"),
        (b"\xff\xfe", 400, "expected JSON"),
        (b"NaN", 400, "NaN is no number of JSON"),
        (b"[" * 200_000, 400, "nested too deep"),
        (b"9" * 5000, 400, "expected JSON"),
        (b'"other"', 500, "POST /check failed, which is a bug of chorale: KeyError"),
    ],
)
def test_errors_are_one_sentence(
    client: httpx.Client, body: bytes, status: int, message: str
) -> None:
    answer = client.post("/check", content=body)
    assert answer.status_code == status
    assert message in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_unknown_paths_and_methods_are_answered_in_a_sentence(
    client: httpx.Client,
) -> None:
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert answer.json() == {"error": "there is nothing at /nothing"}
    answer = client.put("/engrave")
    assert answer.status_code == 405
    assert answer.json() == {"error": "/engrave takes no PUT"}
    answer = client.post("/open", content=b"abc")
    assert answer.status_code == 400
    assert "expected the name of the file" in answer.json()["error"]


# === Jobs ===


def test_models_are_loaded_before_they_are_asked_for(
    client: httpx.Client, functions: FakeFunctions
) -> None:
    assert functions.is_warm.wait(PATIENCE)


@pytest.mark.parametrize("request_of_the_page", ["catalogue", "jobs"])
def test_the_page_comes_before_models(
    monkeypatch: pytest.MonkeyPatch, request_of_the_page: str
) -> None:
    monkeypatch.setattr(server, "_PAGE_SECONDS", 60.0)
    cold = FakeFunctions()
    with served(cold) as client:
        assert client.get("/page/app.js").status_code == 200
        assert not cold.is_warm.wait(5 * server._LOOK_SECONDS)
        if request_of_the_page == "catalogue":
            client.get("/catalogue")
        else:
            client.post("/jobs", json={"action": "generate"})
        assert cold.is_warm.wait(PATIENCE)


def test_a_catalogue_that_fails_keeps_no_model_from_being_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Damaged(FakeFunctions):
        def catalogue(self) -> dict[str, Any]:
            raise ModelError("it is damaged")

    monkeypatch.setattr(server, "_PAGE_SECONDS", 0.0)
    damaged = Damaged()
    with served(damaged) as client:
        assert damaged.is_warm.wait(PATIENCE)
        answer = client.get("/catalogue")
    assert (answer.status_code, answer.json()) == (500, {"error": "it is damaged"})


def test_a_job_runs_and_tells_how_far_it_is(client: httpx.Client) -> None:
    answer = client.post("/jobs", json={"action": "generate"})
    assert answer.status_code == 202
    id = answer.json()["id"]
    seen = list(stream(client, id))
    name, last = seen[-1]
    assert name == last["state"] == "done"
    assert last["result"] == {"variations": [{"action": "generate"}]}
    assert (last["done"], last["total"]) == (3, 3)
    assert {name for name, _ in seen} <= {"queued", "progress", "done"}
    assert client.get(f"/jobs/{id}").json() == last
    assert list(stream(client, id)) == [("done", last)]  # connected again


def test_a_job_that_fails_says_why(client: httpx.Client) -> None:
    id = client.post("/jobs", json={"action": "fail"}).json()["id"]
    name, last = list(stream(client, id))[-1]
    assert (name, last["message"]) == ("failed", "bar 3, beat 2: the alto is silent")


def test_a_job_that_makes_no_sense_is_not_queued(client: httpx.Client) -> None:
    answer = client.post("/jobs", json={"action": "nonsense"})
    assert answer.status_code == 400
    assert "got nonsense" in answer.json()["error"]


def test_unknown_jobs_are_said_to_be(client: httpx.Client) -> None:
    for method, path in (
        ("GET", "/jobs/unknown"),
        ("GET", "/jobs/unknown/events"),
        ("DELETE", "/jobs/unknown"),
    ):
        answer = client.request(method, path)
        assert answer.status_code == 404
        assert "not known, or not any more" in answer.json()["error"]


def test_a_job_can_be_cancelled_while_all_else_is_answered(
    client: httpx.Client, functions: FakeFunctions
) -> None:
    functions.go_on.clear()
    id = client.post("/jobs", json={"action": "wait"}).json()["id"]
    following = stream(client, id)
    names = [next(following)[0]]
    assert client.get("/catalogue").status_code == 200  # a job blocks nobody
    assert client.delete(f"/jobs/{id}").json()["state"] == "cancelled"
    names += [name for name, _ in following]
    assert names[-1] == "cancelled"
    functions.go_on.set()
    after = client.post("/jobs", json={"action": "generate"}).json()["id"]
    assert list(stream(client, after))[-1][0] == "done"


def test_a_silent_stream_is_kept_open(
    client: httpx.Client, functions: FakeFunctions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    functions.go_on.clear()
    id = client.post("/jobs", json={"action": "wait"}).json()["id"]
    with client.stream("GET", f"/jobs/{id}/events") as answer:
        for line in answer.iter_lines():
            if line.startswith(": "):
                functions.go_on.set()
    assert line == ""
    assert client.get(f"/jobs/{id}").json()["state"] == "done"


def test_twenty_browsers_are_all_answered(
    client: httpx.Client, functions: FakeFunctions
) -> None:
    functions.go_on.clear()
    queued = threading.Barrier(21, timeout=PATIENCE)

    def browse(number: int) -> tuple[list[int], Any]:
        with httpx.Client(base_url=client.base_url, trust_env=False) as browser:
            job = {"action": "wait", "number": number}
            answer = browser.post("/jobs", json=job)
            assert answer.status_code == 202
            positions, result = [answer.json()["position"]], None
            queued.wait()
            for _, data in stream(browser, answer.json()["id"]):
                positions.append(data["position"])
                result = data["result"]
            return positions, result

    with ThreadPoolExecutor(20) as pool:
        browsers = [pool.submit(browse, number) for number in range(20)]
        queued.wait()
        assert client.post("/guess", json={"strokes": []}).status_code == 200
        functions.go_on.set()
        answers = [browser.result() for browser in browsers]
    assert sorted(positions[0] for positions, _ in answers) == [*range(20)]
    for number, (positions, result) in enumerate(answers):
        assert positions == sorted(positions, reverse=True)
        assert positions[-1] == 0
        assert result == {"variations": [{"action": "wait", "number": number}]}
