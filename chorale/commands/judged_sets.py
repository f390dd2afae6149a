"""What `chorale judge` judges: samples of a model, or chorales from files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import typer

from chorale.commands.completion_options import options_for
from chorale.commands.judged_corpus import prompts_of
from chorale.commands.model_options import model_names
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.commands.sampling_options import settings_of
from chorale.corpus.reading import find_files, in_other_formats, read_piece
from chorale.errors import UsageError
from chorale.evaluation.judgement import JudgedSets
from chorale.evaluation.reference import Reference
from chorale.evaluation.style.windows import numbered_from_one, windows_of
from chorale.models.ensemble import average as averaged
from chorale.models.infiller import Infiller
from chorale.models.storage import NEXT_STEP, load_model
from chorale.sampling.best_of import Judge
from chorale.sampling.completion import Model
from chorale.sampling.prompts import (
    continue_each,
    draw_chorales,
    harmonize_each,
    matched_sets,
    sampled_sets,
)

COUNT = 256  # continuations; intervals hardly get narrower with more


def sets_from_model(
    context: typer.Context, reference: Reference
) -> tuple[JudgedSets, dict[str, Any]]:
    """Return a model's samples with what they are compared with, and the settings."""
    asked = context.params
    given, count, best_of = asked["given"], asked["count"], asked["best_of"]
    names = model_names(asked["model"])
    models = [load_model(name, kind=None if given else NEXT_STEP) for name in names]
    predictors = [model for model in models if not isinstance(model, Infiller)]
    if len(predictors) == len(models):
        model: Model = averaged(predictors, asked["average"])
    elif len(models) > 1 or asked["average"] != "none":
        raise UsageError("infillers are not averaged: name one --model alone")
    else:
        model = models[0]
    options = options_for(context, model)
    variants = {"samples": options}
    if rules := asked["against_rules"]:
        variants[f"rules {rules}"] = replace(options, rules=rules)
    chorales = prompts_of(reference, model, bool(given))
    if count is None:
        count = len(chorales) if given else COUNT
    prompts = draw_chorales(chorales, count, options.random_state)
    write = harmonize_each if given else partial(continue_each, bars=asked["bars"])
    with progress_bar("Sampling") as progress:
        sets = sampled_sets(
            write,
            model,
            prompts,
            reference,
            variants,
            judge=None if best_of == 1 else Judge.default(names[0], models[0]),
            best_of=best_of,
            progress=progress,
        )
    names = [
        f"sample {number} ({window.group})"
        for number, window in enumerate(sets.samples, start=1)
    ]
    sets = replace(sets, names=names)
    settings = {**settings_of(options), "best_of": best_of}
    return sets, {"given": given, **settings} if given is not None else settings


def sets_from_files(
    files: Sequence[Path], opening: int, reference: Reference, random_state: int
) -> JudgedSets:
    """Return chorales from files with what they are compared with."""
    paths = find_files(files)
    readings = []
    with progress_bar("Reading") as progress:
        for done, path in enumerate(paths, start=1):
            readings.append(read_piece(path))
            if path.suffix.lower() != ".csv":  # what CSVs lack is said once for all
                remarks = readings[-1]._replace(metre_assumed=False).remarks()
                print_remarks(*(f"{path}: {remark}" for remark in remarks))
            progress(done, len(paths))
    again = in_other_formats(paths, [reading.chorale for reading in readings])
    if again:
        print_remarks(
            f"{len(again)} of the {len(paths)} files "
            + ("is the piece" if len(again) == 1 else "are the pieces")
            + " of another in another format: each piece is judged once"
        )
    kept = [index for index in range(len(paths)) if index not in again]
    paths, readings = [paths[i] for i in kept], [readings[i] for i in kept]
    assumed = sum(reading.metre_assumed for reading in readings)
    is_classic = all(
        reading.metre_assumed and path.suffix.lower() == ".csv"
        for reading, path in zip(readings, paths, strict=True)
    )
    lacks = "have no repeated notes, fermatas and bars; they are removed from"
    if is_classic and not reference.is_classic:
        print_remarks(
            f"CSVs of four columns {lacks} {reference.name}'s chorales too, and bars "
            "counted in 4/4"
        )
    elif assumed:
        print_remarks(
            f"{assumed} of the files have no metre; their bars are counted in 4/4 from "
            "the first step"
        )
    # Bars count from 1, the pickup is bar 0: without an opening it is judged too.
    first_bar = opening + 1 if opening else 0
    chorales = [numbered_from_one(reading.chorale) for reading in readings]
    windows = windows_of(chorales, first_bar=first_bar)
    with progress_bar("Sampling the n-gram") as progress:
        sets = matched_sets(
            windows,
            reference,
            opening_bars=opening,
            is_classic=is_classic,
            random_state=random_state,
            progress=progress,
        )
    return replace(sets, names=tuple(map(str, paths)))
