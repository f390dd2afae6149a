"""The HTTP API for editors, over a real server, and the document that describes it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import mido
import numpy as np
import pytest
from fakes import UniformInfiller, uniform_predictor, wide_cells, wide_vocabulary
from serving import served
from strategies import little_chorale

import chorale
from chorale.formats.files import read, write
from chorale.music.score import Chorale
from chorale.sampling.best_of import Judge
from chorale.studio import actions, model_cache
from chorale.studio.api import header_of, respond
from chorale.studio.api_bodies import ENDINGS, Answer, sent_in
from chorale.studio.api_operations import OPERATIONS
from chorale.studio.lazy_functions import LazyFunctions
from chorale.studio.openapi import document
from chorale.studio.piece_json import from_json, to_json

MUSICXML = "application/vnd.recordare.musicxml+xml"
PLUGIN = (
    Path(chorale.__file__).parent / "studio" / "musescore" / "chorale-harmonize.qml"
)


class Cold(LazyFunctions):
    """Loads nothing when it starts."""

    def warm(self, progress: Any) -> None:
        pass


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """Serve a studio whose models are fast ones of known probabilities."""
    fakes: Any = {
        "bach": uniform_predictor(wide_vocabulary()),
        "jsb": uniform_predictor(wide_vocabulary()),
        "counterpoint": UniformInfiller(wide_cells()),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_cache, "_opened", fakes)
        patch.setattr(actions, "judge_of", lambda name="bach": Judge(fakes[name], None))
        with served(Cold()) as found:
            yield found


def file(chorale: Chorale, ending: str, folder: Path) -> bytes:
    path = folder / f"piece{ending}"
    write(chorale, path)
    return path.read_bytes()


def melody() -> dict[str, Any]:
    piece = to_json(little_chorale())
    return piece | {"voices": [piece["voices"][0], [], [], []], "lyrics": []}


def remarks(answer: httpx.Response) -> list[str]:
    found: list[str] = json.loads(answer.headers["Chorale-Remarks"])
    return found


# === Harmonize, rewrite, generate ===


def test_musicxml_is_harmonized_as_musicxml(
    client: httpx.Client, tmp_path: Path
) -> None:
    given = little_chorale()
    answer = client.post(
        "/api/harmonize",
        content=file(given, ".musicxml", tmp_path),
        headers={"Content-Type": MUSICXML},
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MUSICXML
    (tmp_path / "again.musicxml").write_bytes(answer.content)
    again = read(tmp_path / "again.musicxml")
    assert again.notes(0) == given.notes(0)
    assert (again.pitches[:, 1:] != given.pitches[:, 1:]).any()


def test_midi_is_harmonized_as_midi_unless_asked_otherwise(
    client: httpx.Client, tmp_path: Path
) -> None:
    data = file(little_chorale(), ".mid", tmp_path)
    sent = {"content": data, "headers": {"Content-Type": "audio/midi"}}
    answer = client.post("/api/harmonize", params={"best_of": 1}, **sent)
    assert len(mido.MidiFile(file=io.BytesIO(answer.content)).tracks) == 5
    asked = {
        "Content-Type": "audio/midi",
        "Accept": "text/html, application/json;q=0.5",
    }
    as_json = client.post("/api/harmonize", content=data, headers=asked).json()
    assert len(as_json["variations"]) == 1
    other = client.post("/api/harmonize", params={"format": "musicxml"}, **sent)
    assert other.headers["content-type"] == MUSICXML


def test_json_is_harmonized_as_json(client: httpx.Client) -> None:
    answer = client.post("/api/harmonize", params={"variations": 2}, json=melody())
    found = answer.json()
    assert len(found["variations"]) == 2
    assert found["remarks"] == remarks(answer)
    pieces = [from_json(each["piece"]) for each in found["variations"]]
    assert all(piece.onsets.any(axis=0).all() for piece in pieces)


@pytest.mark.parametrize("name", ["air.mid", "air.musicxml"])
def test_files_without_a_type_and_in_forms(
    client: httpx.Client, tmp_path: Path, name: str
) -> None:
    data = file(little_chorale(), Path(name).suffix, tmp_path)
    query = {"name": name, "format": "json"}
    plain = client.post("/api/harmonize", params=query, content=data)
    form = client.post(
        "/api/harmonize", params={"format": "json"}, files={"file": (name, data)}
    )
    assert plain.status_code == form.status_code == 200, (plain.text, form.text)
    assert plain.json()["variations"] == form.json()["variations"]


def test_a_passage_is_rewritten(client: httpx.Client) -> None:
    given = little_chorale()
    query = {"bars": "2-3", "voices": "alto, tenor"}
    answer = client.post("/api/rewrite", params=query, json={"piece": to_json(given)})
    (variation,) = answer.json()["variations"]
    again = from_json(variation["piece"])
    outside = ~np.isin(given.bars, [2, 3])
    np.testing.assert_array_equal(again.pitches[outside], given.pitches[outside])
    np.testing.assert_array_equal(again.pitches[:, [0, 3]], given.pitches[:, [0, 3]])
    assert (again.pitches != given.pitches).any()


def test_a_chorale_is_generated_from_a_seed_or_a_piece(client: httpx.Client) -> None:
    query = {"seed": "3", "bars": 4, "best_of": 1}
    answer = client.post("/api/generate", params=query)
    assert answer.headers["content-type"] == MUSICXML
    assert "attachment" in answer.headers["content-disposition"]
    given = little_chorale()
    own = client.post("/api/generate", params={"opening": 1}, json=to_json(given))
    again = from_json(own.json()["variations"][0]["piece"])
    np.testing.assert_array_equal(again.pitches[:20], given.pitches[:20])
    both = client.post("/api/generate", params={"seed": "3"}, json=to_json(given))
    assert both.status_code == 400 and "got both" in both.json()["error"]


# === Check and convert ===


def test_faults_are_found(client: httpx.Client) -> None:
    fifths = [[[67, 0, 4], [69, 4, 4]], [], [], [[48, 0, 4], [50, 4, 4]]]
    answer = client.post("/api/check", json={"steps": 8, "voices": fifths})
    rules = [each["rule"] for each in answer.json()["findings"]]
    assert "parallel-fifths" in rules


@pytest.mark.parametrize("name", ["midi", "musicxml", "csv", "abc", "json"])
def test_pieces_are_converted(client: httpx.Client, name: str) -> None:
    answer = client.post(
        "/api/convert", params={"format": name}, json=to_json(little_chorale())
    )
    assert answer.status_code == 200 and answer.content
    assert isinstance(remarks(answer), list)
    if name == "json":
        assert from_json(answer.json()["piece"]) == little_chorale()


def test_what_was_guessed_is_in_a_header_of_ascii(client: httpx.Client) -> None:
    tune = "X:1\nT:Ä\nM:4/4\nL:1/4\nK:C\n(3cde f2 g | c'4 |]\n".encode()
    answer = client.post("/api/convert", params={"name": "ä.abc"}, content=tune)
    assert any("off the grid" in each for each in remarks(answer))
    assert answer.headers["Chorale-Remarks"].isascii()
    long = header_of(["ä\r\n" * 99] * 99)
    assert len(long) <= 4000 and "\n" not in long and json.loads(long)


# === What is refused ===


@pytest.mark.parametrize(
    ("path", "sent", "status", "message"),
    [
        ("/api/sing", {}, 404, "expected /api/ with harmonize"),
        ("/api/harmonize", {}, 400, "it is empty"),
        ("/api/harmonize?voice=treble", {"json": {}}, 400, "voice to be one of"),
        ("/api/harmonize?temprature=1", {"json": {}}, 400, "expected /api/harmonize"),
        ("/api/harmonize?voice=alto&voice=bass", {"json": {}}, 400, "each parameter"),
        ("/api/harmonize?temperature=hot", {"json": {}}, 400, "temperature to be"),
        ("/api/harmonize?key=H", {"json": {}}, 400, "expected key to be a key such"),
        ("/api/harmonize?key=H", {"content": b"{"}, 400, "expected key to be"),
        ("/api/harmonize", {"json": {"steps": 0, "voices": []}}, 400, "steps to be"),
        ("/api/harmonize?model=../bach", {"json": {}}, 400, "model to be one of"),
        ("/api/rewrite", {"json": melody()}, 400, "expected bars or voices"),
        ("/api/rewrite?bars=9", {"json": melody()}, 400, "0 is the pickup, got 9"),
        ("/api/rewrite?bars=x", {"json": melody()}, 400, "bars to be bars to rewrite"),
        ("/api/generate?variations=2", {}, 400, "variations of 1"),
        ("/api/check?format=midi", {"json": melody()}, 400, "expected /api/check with"),
        ("/api/convert?format=exe", {"json": melody()}, 400, "format to be one of"),
    ],
)
def test_requests_are_refused_in_a_sentence(
    client: httpx.Client, path: str, sent: Any, status: int, message: str
) -> None:
    answer = client.post(path, **sent)
    assert answer.status_code == status
    assert message in answer.json()["error"]


def test_other_types_are_refused(client: httpx.Client) -> None:
    headers = {"Content-Type": "image/png"}
    answer = client.post("/api/convert", content=b"x", headers=headers)
    assert answer.status_code == 415 and "Content-Type" in answer.json()["error"]
    headers = {"Accept": "image/gif"}
    answer = client.post("/api/convert", json=melody(), headers=headers)
    assert answer.status_code == 406 and "Accept" in answer.json()["error"]
    answer = client.post(
        "/api/convert", files={"file": ("a.exe", b"x", "application/octet-stream")}
    )
    assert answer.status_code == 400 and "a.exe" in answer.json()["error"]
    with pytest.raises(chorale.ChoraleError, match="a form with a file"):
        sent_in(b"--x--", "multipart/form-data; boundary=x")
    assert client.get("/api/harmonize").status_code == 405


def test_other_pages_cannot_use_it(client: httpx.Client) -> None:
    headers = {"Origin": "https://example.org"}
    answer = client.post("/api/convert", json=melody(), headers=headers)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_an_error_of_the_work_is_that_of_the_request(client: httpx.Client) -> None:
    deep = {"steps": 16, "voices": [[[60, 0, 16]], [], [[90, 0, 16]], []]}
    answer = client.post("/api/rewrite", params={"voices": "alto"}, json=deep)
    assert (answer.status_code == 400 and "90" in answer.json()["error"]) or "F#6" in (
        answer.json()["error"]
    )


def test_a_bug_in_the_work_is_one_of_the_server(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: Any) -> Any:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(actions, "finish", stumble)
    answer = client.post("/api/harmonize", json=melody())
    assert answer.status_code == 500
    assert "which is a bug of chorale: ZeroDivisionError" in answer.json()["error"]


def test_the_name_of_a_file_cannot_end_its_header() -> None:
    answer = respond(Answer(b"", "audio/midi", 'a"; filename="b\r\nX: y'))
    header = answer.headers["content-disposition"]
    assert header.startswith('attachment; filename="a__ filename__b__X_ y"; ')


# === The document ===


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_the_document_is_one_of_openapi(client: httpx.Client) -> None:
    found = client.get("/api").json()
    assert found == json.loads(json.dumps(document()))
    assert found["openapi"].startswith("3.1")
    assert found["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert found["security"] == [{}, {"token": []}]
    assert {*found["info"]} >= {"title", "version"}
    assert {*found["paths"]} == {f"/api/{name}" for name in OPERATIONS}
    for name in references(found):
        assert name.rpartition("/")[2] in found["components"]["schemas"], name
    for path in found["paths"].values():
        operation = path["post"]
        names = [each["name"] for each in operation["parameters"]]
        assert len({*names}) == len(names)
        for each in operation["parameters"]:
            assert each["in"] == "query" and each["description"]
            assert each["schema"]["type"] in ("string", "integer", "number")
        assert {*operation["responses"]} >= {"200", "400", "401", "403", "413", "500"}
        assert all("description" in each for each in operation["responses"].values())
    assert {*filter(None, ENDINGS)} <= {
        *found["paths"]["/api/check"]["post"]["requestBody"]["content"]
    }
    # Two lines of how to install the plugin.
    assert PLUGIN.name in found["info"]["description"]


EXAMPLES = {
    "seed": "3",
    "bars": "2",
    "voices": "alto",
    "opening": "1",
    "key": "E minor",
}
EXAMPLES |= {"name": "a.json", "particles": "4", "temperature": "0.9"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_parameter_of_the_document_is_taken(
    client: httpx.Client, name: str
) -> None:
    operation = document()["paths"][f"/api/{name}"]["post"]
    needed = {"bars": "2"} if name == "rewrite" else {}
    for each in operation["parameters"]:
        schema = each["schema"]
        value = EXAMPLES.get(each["name"], schema.get("default", "json"))
        if name == "generate":
            needed = {"bars": "4"}
        if name == "generate" and each["name"] == "variations":
            needed |= {"format": "json"}
        query = {"best_of": 1, each["name"]: value, **needed}
        if name in ("check", "convert"):
            del query["best_of"]
        sent = {} if name == "generate" else {"json": to_json(little_chorale())}
        answer = client.post(f"/api/{name}", params=query, **sent)
        assert answer.status_code == 200, (query, answer.text)
        if "maximum" in schema:
            query[each["name"]] = schema["maximum"] + 1
            answer = client.post(f"/api/{name}", params=query, **sent)
            assert answer.status_code == 400 and each["name"] in answer.json()["error"]
        if "enum" in schema:
            query[each["name"]] = "nonsense"
            answer = client.post(f"/api/{name}", params=query, **sent)
            assert answer.status_code == 400 and each["name"] in answer.json()["error"]


# === The plugin for MuseScore ===


def test_the_plugin_asks_for_what_there_is() -> None:
    text = PLUGIN.read_text(encoding="utf-8")
    code = re.sub(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*', '""', text)
    for opening, closing in ("{}", "()", "[]"):
        assert code.count(opening) == code.count(closing)
    (path,) = re.findall(r'port \+ "(/[a-z/]+)"', text)
    operation = document()["paths"][path]["post"]
    known = [each["name"] for each in operation["parameters"]]
    asked = re.findall(r"[?&](\w+)=", text)
    assert asked and {*asked} <= {*known}
    schema = document()["components"]["schemas"]["Piece"]["properties"]
    sent = re.search(r"return \{\s*steps: end.*?\};", text, re.DOTALL)
    assert sent is not None
    assert {*re.findall(r"^ +(\w+):", sent[0], re.MULTILINE)} <= {*schema}
    assert re.search(r"property int port: 1685\b", text)
    # What the interface of MuseScore 4 does not do.
    assert not re.search(r"readScore|writeScore|newScore|Timer|FileIO", code)
