"""Operations of the HTTP API: their parameters, what they take and what they answer.

The same table reads requests and makes the OpenAPI document.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from chorale.errors import UsageError
from chorale.music.key_decision import parse_key
from chorale.music.score import Chorale
from chorale.music.voices import voice_named
from chorale.sampling import completion
from chorale.sampling.passages import cells_of, parse_bars
from chorale.studio import actions
from chorale.studio import parameters as table
from chorale.studio.api_bodies import ENDINGS, JSON_TYPE, Answer, Prepared, Sent
from chorale.studio.exports import MEDIA_TYPES, file_of, format_names, lost_in
from chorale.studio.findings import findings_of
from chorale.studio.parameter import Parameter, parse_all
from chorale.studio.piece_json import from_json, to_json
from chorale.studio.responses import RefusedError, json_of
from chorale.studio.shared_types import Work
from chorale.studio.uploads import read_upload

JSON = "json"
_OTHER_NAMES = {"application/xml": "musicxml", "text/xml": "musicxml"}

NAME = Parameter(name="name", summary="Name of the file; its ending says the format.")
KEY = Parameter(
    name="key",
    summary="A key such as 'E minor' or 'D dorian', instead of the one in the file.",
    pattern=r"\s*[A-Ga-g][#b]? +[A-Za-z]{5,10}\s*",
)
FORMAT = Parameter(
    name="format",
    summary="Format of the answer, instead of what Accept asks for.",
    choices=lambda: (JSON, *format_names()),
)
_FILE = (NAME, KEY, FORMAT)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation.

    Attributes:
        summary: what it does, in a sentence.
        parameters: of its query.
        needs_piece: whether the body must have one.
        gives_music: whether it answers with a piece in any format; else with JSON.
    """

    summary: str
    parameters: tuple[Parameter, ...]
    needs_piece: bool = True
    gives_music: bool = True


OPERATIONS = {
    "harmonize": Operation(
        summary="Write the other three voices of a melody.",
        parameters=(
            *(table.VOICE, *table.options_of(None, best_of=completion.MELODY_DRAFTS)),
            *_FILE,
        ),
    ),
    "rewrite": Operation(
        summary="Write other notes for some bars and voices; keep every other note.",
        parameters=(
            *(table.PASSAGE_BARS, table.PASSAGE_VOICES),
            *(*actions.PARAMETERS["rewrite"], *_FILE),
        ),
    ),
    "generate": Operation(
        summary="Write a new chorale from the opening of a seed, or of the piece sent.",
        parameters=(*actions.PARAMETERS["generate"], *_FILE),
        needs_piece=False,
    ),
    "check": Operation(
        summary="Find faults of part-writing.",
        parameters=(NAME, KEY),
        gives_music=False,
    ),
    "convert": Operation(
        summary="Return the piece in another format.", parameters=(table.VOICE, *_FILE)
    ),
}


def operate(name: str, sent: Sent, query: Mapping[str, str], accept: str) -> Prepared:
    """Check a request, and return the work of a job, if there is any, and the answer.

    Args:
        name: of the operation.
        sent: the body.
        query: parameters by name.
        accept: the header.

    Raises:
        RefusedError: there is no such operation, or no such type is read or written.
        UsageError, DataError: a parameter or the piece cannot be read.
    """
    if name not in OPERATIONS:
        known = ", ".join(OPERATIONS)
        raise RefusedError(f"expected /api/ with {known}: there is no {name!a}", 404)
    operation = OPERATIONS[name]
    values = parse_all(operation.parameters, query, f"/api/{name}")
    written = _format(operation, sent, values, accept)
    if not sent.content and not operation.needs_piece:
        chorale, voice = None, None
        remarks: list[str] = []
    else:
        chorale, voice, remarks = _piece(sent, values, query)
    if name == "check":
        assert chorale is not None
        return None, partial(_checked, chorale, remarks)
    if name == "convert":
        assert chorale is not None
        return None, partial(_converted, chorale, remarks, written)
    if written != JSON and values["variations"] > 1:
        raise UsageError(
            f"expected variations of 1, as a file has one piece, got "
            f"{values['variations']}: ask for format=json, or change random_state"
        )
    work = _work(name, chorale, voice, values, query)
    return work, partial(_written, remarks, written)


# === What comes in ===


def _piece(
    sent: Sent, values: Mapping[str, Any], query: Mapping[str, str]
) -> tuple[Chorale, int | None, list[str]]:
    """Return the piece in a body, its voice if it is a melody, and remarks."""
    if sent.media_type == JSON_TYPE:
        body = json_of(sent.content)
        is_wrapped = isinstance(body, dict) and "piece" in body
        chorale = from_json(body["piece"] if is_wrapped else body)
        remarks: tuple[str, ...] = ()
        if values.get("key"):
            key, remarks = parse_key(values["key"])
            chorale = from_json({**to_json(chorale), "key": key.name})
        return chorale, None, [*remarks]
    if sent.media_type not in ENDINGS:
        known = ", ".join([JSON_TYPE, *filter(None, ENDINGS)])
        raise RefusedError(
            f"expected a Content-Type of {known}, got {sent.media_type!a}", 415
        )
    name = sent.name
    if not name:
        name = f"the piece{ENDINGS[sent.media_type]}"
    upload = read_upload(
        sent.content, name, voice=query.get("voice"), key=values.get("key")
    )
    return upload.chorale, upload.voice, list(upload.remarks)


def _work(
    name: str,
    chorale: Chorale | None,
    voice: int | None,
    values: dict[str, Any],
    query: Mapping[str, str],
) -> Work:
    """Return the work of a job."""
    if name == "generate":
        if chorale is not None and "seed" in query:
            raise UsageError("expected a seed or a piece in the body, got both")
        return actions.prepare_generate(values, chorale)
    assert chorale is not None
    if name == "harmonize":
        line = voice_named(values["voice"])
        if voice is not None and "voice" not in query:
            line = voice
        return actions.prepare_harmonize(chorale, {**values, "voice": line})
    if values["bars"] is None and values["voices"] is None:
        raise UsageError("expected bars or voices to rewrite, such as bars=5-8")
    bars = None if values["bars"] is None else parse_bars(values["bars"])
    voices = None
    if values["voices"] is not None:
        voices = [voice_named(each) for each in values["voices"].split(",")]
    cells = cells_of(chorale, bars, voices)
    return actions.prepare_rewrite(chorale, cells, values)


# === What goes out ===


def _format(
    operation: Operation, sent: Sent, values: Mapping[str, Any], accept: str
) -> str:
    """Return the name of the format that is asked for, or of what was sent."""
    if not operation.gives_music:
        return JSON
    if values.get("format"):
        return str(values["format"])
    names = {MEDIA_TYPES[name]: name for name in format_names()}
    names |= {**_OTHER_NAMES, "audio/x-midi": "midi", JSON_TYPE: JSON}
    wanted = sorted(_accepted(accept), key=lambda each: -each[1])
    for media_type, _ in wanted:
        if media_type in names:
            return names[media_type]
    if wanted and not any(media_type.endswith("/*") for media_type, _ in wanted):
        raise RefusedError(
            f"expected Accept with {', '.join(names)}, got {accept[:100]!a}", 406
        )
    if sent.media_type == JSON_TYPE:
        return JSON
    is_midi = ENDINGS.get(sent.media_type) == ".mid"
    is_midi |= sent.name.lower().endswith((".mid", ".midi"))
    return "midi" if is_midi else "musicxml"


def _accepted(header: str) -> list[tuple[str, float]]:
    """Return the types of an Accept header with their weights, those of 0 left out."""
    found = []
    for part in header.split(","):
        media_type, *options = (each.strip().lower() for each in part.split(";"))
        weight = 1.0
        for option in options:
            if option.startswith("q="):
                try:
                    weight = float(option[2:])
                except ValueError:
                    weight = 0.0
        if media_type and weight > 0:
            found.append((media_type, weight))
    return found


def _json(content: Mapping[str, Any], remarks: list[str]) -> Answer:
    """Return an answer of JSON, which has the remarks too."""
    text = json.dumps({**content, "remarks": remarks}, allow_nan=False)
    return Answer(text.encode(), JSON_TYPE, remarks=remarks)


def _checked(chorale: Chorale, remarks: list[str], _: object) -> Answer:
    return _json(findings_of(chorale), remarks)


def _converted(chorale: Chorale, remarks: list[str], written: str, _: object) -> Answer:
    if written == JSON:
        return _json({"piece": to_json(chorale)}, remarks)
    content, media_type, file = file_of(chorale, written)
    return Answer(content, media_type, file, [*remarks, *lost_in(chorale, written)])


def _written(remarks: list[str], written: str, result: dict[str, Any]) -> Answer:
    messages = [each["message"] for each in result["variations"] if "message" in each]
    said = list(dict.fromkeys([*remarks, *result["remarks"], *messages]))
    if written == JSON:
        return _json(result, said)
    return _converted(from_json(result["variations"][0]["piece"]), said, written, None)
