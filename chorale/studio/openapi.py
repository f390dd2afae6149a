"""The OpenAPI document of the HTTP API, made of the tables that read requests."""

from __future__ import annotations

from functools import cache
from typing import Any

from chorale.studio.api_bodies import ENDINGS, JSON_TYPE, REMARKS_HEADER
from chorale.studio.api_operations import OPERATIONS, Operation
from chorale.studio.exports import MEDIA_TYPES, format_names
from chorale.studio.parameter import Parameter
from chorale.studio.piece_json import MOST_STEPS
from chorale.studio.server_settings import PORT
from chorale.version import __version__

_DESCRIPTION = f"""The studio of chorale for editors. It runs on your machine; \
`chorale studio` starts it.

MuseScore: copy chorale-harmonize.qml, from the folder chorale/studio/musescore of the \
installed package, to your Documents/MuseScore4/Plugins.
Switch it on under Home > Plugins, open a score, start `chorale studio`, and choose \
Plugins > Harmonize (chorale). Another port than {PORT}: edit `port` in the file.

A file of one line is a melody, of four voices a chorale. What was guessed or changed \
is in the header {REMARKS_HEADER}, a JSON list of sentences, and in answers of JSON."""

_BINARY: dict[str, Any] = {}  # any content
_RANGES = {"type": "array", "items": {"type": "array", "items": {"type": "integer"}}}
_BY_VOICE = {"type": "array", "minItems": 4, "maxItems": 4, "items": _RANGES}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_TEXT, _NUMBER = {"type": "string"}, {"type": "integer", "minimum": 0}
_SCHEMAS: dict[str, Any] = {
    "Piece": {
        "description": "Four voices in steps, sixteenths from 0. Voices are lists of "
        "[pitch, start, length], soprano first; what no note covers is a rest. A bar "
        "is what is between two barlines; its position is not 0 for a pickup.",
        **_object(
            {
                "steps": {"type": "integer", "minimum": 1, "maximum": MOST_STEPS},
                "voices": _BY_VOICE,
                "fermatas": _RANGES,
                "bars": _list(
                    _object(
                        dict.fromkeys(("start", "number", "position"), _NUMBER),
                        *("start", "number", "position"),
                    )
                ),
                "metres": _list(
                    _object(
                        dict.fromkeys(("step", "numerator", "denominator"), _NUMBER),
                        *("step", "numerator", "denominator"),
                    )
                ),
                "key": {"type": ["string", "null"], "examples": ["D minor"]},
                "tempo": {"type": "number", "description": "quarters per minute"},
                **dict.fromkeys(("title", "source", "credit"), _TEXT),
                "lyrics": _list(
                    _object(
                        {
                            **dict.fromkeys(("voice", "step", "verse"), _NUMBER),
                            "text": _TEXT,
                            "joined": {"type": "boolean"},
                        },
                        *("voice", "step", "text"),
                    )
                ),
            },
            *("steps", "voices"),
        ),
    },
    "Cells": {
        "description": "Steps of each voice, as ranges [start, end].",
        **_BY_VOICE,
    },
    "Written": _object(
        {
            "variations": _list(
                _object(
                    {
                        "piece": _reference("Piece"),
                        "written": _reference("Cells"),
                        "complete_cadence": {"type": "boolean"},
                        # Only of what was rewritten.
                        "changed": {"type": "number", "minimum": 0, "maximum": 1},
                        "message": _TEXT,
                        "findings": _NUMBER,
                    },
                    *("piece", "written", "complete_cadence", "findings"),
                )
            ),
            "remarks": _list(_TEXT),
        },
        *("variations", "remarks"),
    ),
    "Converted": _object(
        {"piece": _reference("Piece"), "remarks": _list(_TEXT)}, "piece", "remarks"
    ),
    "Checked": _object(
        {
            "findings": _list(
                _object(
                    {
                        **dict.fromkeys(("rule", "message"), _TEXT),
                        **dict.fromkeys(("bar", "step"), _NUMBER),
                        "beat": {"type": "number"},
                        "voices": _list(_NUMBER),
                    },
                    *("rule", "bar", "beat", "step", "voices", "message"),
                )
            ),
            "remarks": _list(_TEXT),
        },
        *("findings", "remarks"),
    ),
    "Error": _object({"error": _TEXT}, "error"),
}
_SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "What `chorale studio --host` prints after ?token=.",
    }
}
_ANSWERS = {"check": "Checked", "convert": "Converted"}
_ERRORS = {
    "400": "What is wrong with the parameters or the piece, in a sentence.",
    "401": "The token is missing, which a studio that others can reach asks for.",
    "403": "A page of another site has sent this, or it is for another host.",
    "406": "No such type is written.",
    "413": "The body is too large.",
    "415": "No such type is read.",
    "500": "A model is damaged, or there is a bug of chorale.",
    "501": "Pictures need an extra that is not installed.",
    "503": "Too many wait already, or the studio is being stopped.",
}


@cache
def document() -> dict[str, Any]:
    """Return the document, a value of JSON."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "chorale",
            "version": __version__,
            "description": _DESCRIPTION,
        },
        "servers": [{"url": f"http://127.0.0.1:{PORT}"}],
        "paths": {
            f"/api/{name}": {"post": _operation(name, operation)}
            for name, operation in OPERATIONS.items()
        },
        "components": {"schemas": _SCHEMAS, "securitySchemes": _SECURITY},
        # A studio that only its machine can reach asks for no token.
        "security": [{}, *({name: []} for name in _SECURITY)],
    }


def _operation(name: str, operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {
        JSON_TYPE: {"schema": _reference(_ANSWERS.get(name, "Written"))}
    }
    if operation.gives_music:
        content |= {MEDIA_TYPES[each]: _BINARY for each in format_names()}
    remarks = {
        "description": "A JSON list of sentences, in ASCII.",
        "schema": {"type": "string"},
    }
    sent = {media_type: _BINARY for media_type in ENDINGS if media_type}
    form = {"type": "object", "properties": {"file": {}}, "required": ["file"]}
    return {
        "operationId": name,
        "summary": operation.summary,
        "parameters": [_parameter(each) for each in operation.parameters],
        "requestBody": {
            "description": "A file of music, or a Piece.",
            "required": operation.needs_piece,
            "content": {
                JSON_TYPE: {"schema": _reference("Piece")},
                "multipart/form-data": {"schema": form},
                **sent,
            },
        },
        "responses": {
            "200": {
                "description": operation.summary,
                "headers": {REMARKS_HEADER: remarks},
                "content": content,
            },
            **{
                status: {
                    "description": description,
                    "content": {JSON_TYPE: {"schema": _reference("Error")}},
                }
                for status, description in _ERRORS.items()
            },
        },
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "query",
        "required": False,
        "description": parameter.summary,
        "schema": parameter.schema(),
    }
