"""What the studio writes on request: it generates, harmonizes and rewrites.

A job is checked at once, so that what is wrong with it is said before it waits; the
work is done later. All functions may be called in several threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from chorale.corpus.index import read_index
from chorale.corpus.loading import bundled_corpus
from chorale.corpus.seeds import NO_SEED
from chorale.errors import DataError, UsageError
from chorale.models.predictor import Predictor
from chorale.models.storage import NEXT_STEP
from chorale.music.credits import harmonization_credit
from chorale.music.melody import melody_of
from chorale.music.score import Chorale
from chorale.music.voices import SILENCE, VOICES
from chorale.sampling import completion, rewriting
from chorale.sampling.fragments import Fragment, extend_to_onsets, whole_notes
from chorale.sampling.generate import sample
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.openings import find_start
from chorale.studio import parameters as table
from chorale.studio.drafts import Drafts, finish
from chorale.studio.model_cache import judge_of, open_model
from chorale.studio.parameter import Parameter, read_all
from chorale.studio.parameters import options_of
from chorale.studio.piece_json import (
    cells_from_json,
    piece_of,
)
from chorale.studio.shared_types import Work
from chorale.utils.arrays import BoolArray
from chorale.utils.progress import Progress

# The voice of a melody in a job; editors name it.
_VOICE = Parameter(
    name="voice",
    summary="Voice of the melody.",
    kind=int,
    default=0,
    least=0,
    most=VOICES - 1,
)
_WIDENED = "the selection ends within its notes: they are written again as a whole"
# Parameters of each action, and other fields of its jobs.
PARAMETERS: dict[str, tuple[Parameter, ...]] = {
    "generate": (
        *(table.SEED, table.BARS, table.OPENING),
        *options_of(NEXT_STEP, best_of=3),
    ),
    "harmonize": (_VOICE, *options_of(None, best_of=2)),
    "rewrite": (*options_of(None, best_of=2), table.DISTANCE),
}
_FIELDS = {
    "generate": (),
    "harmonize": ("piece", "locked"),
    "rewrite": ("piece", "cells"),
}


def prepare(job: object) -> Work:
    """Check a job, and return what does its work.

    Args:
        job: {"action": generate, harmonize or rewrite, …}, see PARAMETERS; harmonize
            takes a `piece` and what is `locked` of its other voices, rewrite a `piece`
            and the `cells` to be written again.

    Returns:
        A function of a progress callback; its result is {"variations": [{"piece",
        "written", "complete_cadence", "findings"}], "remarks": […]}; a variation of
        rewrite has "changed", the share of its cells that differ, and a "message".

    Raises:
        UsageError, DataError: the job has another form, or is out of bounds.
    """
    if not isinstance(job, dict):
        raise UsageError("expected a job to be a JSON object")
    action = job.get("action")
    if not isinstance(action, str) or action not in PARAMETERS:
        known = ", ".join(PARAMETERS)
        raise UsageError(f"expected action to be one of {known}, got {action!a}")
    others = ("action", *_FIELDS[action])
    values = read_all(PARAMETERS[action], job, f"a job to {action}", others=others)
    if action == "generate":
        return prepare_generate(values)
    chorale = piece_of(job)
    if action == "harmonize":
        locked = job.get("locked")
        cells = (
            None if locked is None else cells_from_json(locked, chorale.steps, "locked")
        )
        return prepare_harmonize(chorale, values, cells)
    return prepare_rewrite(
        chorale, cells_from_json(job.get("cells"), chorale.steps), values
    )


# === Generate ===


def prepare_generate(values: Mapping[str, Any], piece: Chorale | None = None) -> Work:
    """Return the work of new pieces.

    Args:
        values: as of PARAMETERS.
        piece: whose opening and plan to follow; None for the one that `seed` names.
    """
    seed = values["seed"]
    if piece is not None:
        _check_size(piece)
    elif seed != NO_SEED and not seed.isdigit():
        # Of names, only those of the bundled corpus: others would be paths of files.
        seed = seed.casefold().replace(" ", "")
        bundled = (f"bwv{each.bwv}".casefold() for each in read_index(bundled_corpus()))
        if seed not in bundled:
            raise UsageError(f"there is no bundled chorale {values['seed']!a}")
    if piece is None and seed == NO_SEED:
        values = {**values, "opening": None}  # there is nothing to keep
    start = find_start(
        seed if piece is None else piece,
        bars=values["bars"],
        opening_bars=values["opening"],
        random_state=values["random_state"],
    )
    start.fragment()  # an opening that leaves nothing to write is said at once
    opening = start.opening.steps if start.opening else 0
    written = np.zeros((start.plan.steps, VOICES), np.bool_)
    written[opening:] = True

    def draw(progress: Progress) -> Drafts:
        model = open_model(values["model"])
        predictor: Predictor[Any] = model  # type: ignore[assignment]
        drawn = sample(
            predictor,
            start.plan,
            start.opening,
            SamplingOptions(**_sampling(values, "guidance", "critic")),
            variations=values["variations"] * values["best_of"],
            progress=progress,
        )
        return Drafts(
            drawn=drawn,
            written=written,
            load_judge=partial(judge_of, values["model"]),
            opening=opening,
            remarks=(start.remark,) if start.remark else (),
        )

    return partial(finish, draw, values)


# === Harmonize ===


def prepare_harmonize(
    chorale: Chorale, values: Mapping[str, Any], locked: BoolArray | None = None
) -> Work:
    """Return the work of other voices for a melody.

    Args:
        chorale: has the melody; notes of its other voices are not read, unless locked.
        values: as of PARAMETERS; `voice` is an index.
        locked: bool array (steps, 4), cells that stay as they are; None for none.
    """
    _check_size(chorale)
    voice = values["voice"]
    melody = melody_of(chorale, voice)
    is_melody = np.arange(VOICES) == voice
    if locked is not None:
        locked = locked & (chorale.pitches != SILENCE) & ~is_melody
    if locked is not None and locked.any():
        return _complete(chorale, melody.chorale, values, locked | is_melody)

    def draw(progress: Progress) -> Drafts:
        model = open_model(values["model"])
        drawn = completion.harmonize(
            model,
            melody,
            _options(model, values),
            variations=values["variations"] * values["best_of"],
            drafts=values["best_of"],
            progress=progress,
        )
        ranges = model.vocabulary.ranges
        return Drafts(
            drawn=drawn,
            written=np.tile(~is_melody, (melody.chorale.steps, 1)),
            semitones=completion.semitones_into_range(melody, ranges[voice]),
            remarks=melody.remarks,
        )

    return partial(finish, draw, values)


def _complete(
    chorale: Chorale, melody: Chorale, values: Mapping[str, Any], keep: BoolArray
) -> Work:
    """Return the work of a harmonization some of whose notes stay as they are."""
    # Where the locked notes are, the piece cannot be shortened or transposed.
    fermatas = chorale.fermatas
    if not fermatas.any() and melody.steps == chorale.steps:
        fermatas = melody.fermatas
    given = replace(chorale, fermatas=fermatas, key=chorale.key or melody.key)
    keep = extend_to_onsets(keep, chorale)
    if keep.all():
        raise UsageError("every note is locked, which leaves nothing to write")

    def draw(progress: Progress) -> Drafts:
        model = open_model(values["model"])
        drawn = rewriting.rewrite(
            model,
            given,
            _options(model, values),
            keep=keep,
            variations=values["variations"] * values["best_of"],
            distance=0,  # from nothing, as its notes are not read
            progress=progress,
        )
        credit = harmonization_credit(chorale)
        drawn = [replace(piece, credit=credit) for piece in drawn]
        return Drafts(drawn=drawn, written=~keep)

    return partial(finish, draw, values)


# === Rewrite ===


def prepare_rewrite(
    chorale: Chorale, cells: BoolArray, values: Mapping[str, Any]
) -> Work:
    """Return the work of other notes for some cells, bool array (steps, 4).

    Notes that go on after the cells are kept. If no others are there, they are written
    again as a whole.
    """
    _check_size(chorale)
    if not cells.any():
        raise UsageError("expected cells with notes to rewrite, got none")
    kept = extend_to_onsets(~cells, chorale)
    remarks: tuple[str, ...] = ()
    if kept.all():
        kept, remarks = ~whole_notes(cells, chorale), (_WIDENED,)

    def draw(progress: Progress) -> Drafts:
        model = open_model(values["model"])
        choose = rewriting.JudgedChoice(judge_of)
        rewritten = rewriting.rewrite_passage(
            model,
            Fragment(chorale, kept),
            _options(model, values),
            variations=values["variations"],
            best_of=values["best_of"],
            distance=values["distance"],
            choose=choose,
            progress=progress,
        )
        return Drafts(
            rewritten=rewritten,
            written=~kept,
            has_end=False,
            remarks=(*remarks, *choose.remarks),
        )

    return partial(finish, draw, values)


# === What all have in common ===


def _sampling(values: Mapping[str, Any], *more: str) -> dict[str, Any]:
    """Return the options of drawing, and more of them, that have values."""
    names = ("temperature", "top_p", "rules", "random_state", *more)
    return {name: values[name] for name in names if values.get(name) is not None}


def _options(model: completion.Model, values: Mapping[str, Any]) -> completion.Options:
    options = completion.default_options(model)
    if isinstance(options, SamplingOptions):
        own = _sampling(values, "guidance", "critic", "particles")
        return replace(options, **own)
    return replace(options, **_sampling(values))


def _check_size(chorale: Chorale) -> None:
    """Raise a DataError for a piece that takes too long to write."""
    bars = len(chorale.written_bars())
    if bars > table.MOST_BARS_TO_WRITE or chorale.steps > table.MOST_STEPS_TO_WRITE:
        raise DataError(
            f"expected a piece of at most {table.MOST_BARS_TO_WRITE} bars and "
            f"{table.MOST_STEPS_TO_WRITE:,} sixteenths, got {bars} bars and "
            f"{chorale.steps:,} sixteenths: work on a part of it"
        )
