"""`chorale judge`: chorales, a model's or one's own, beside Bach's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer

from chorale.commands.options import (
    Average,
    Models,
    model_names,
    model_title,
    names_typed,
    option_name,
)
from chorale.commands.progress import progress_bar
from chorale.commands.sampling_options import Particles, TopP
from chorale.corpus.loading import load_corpus, unseen_melodies
from chorale.corpus.reading import find_files, read_piece
from chorale.errors import UsageError
from chorale.evaluation.judgement import judge as judge_sets
from chorale.evaluation.report import report_blocks
from chorale.evaluation.style import Window, matched, windows_of
from chorale.evaluation.tables import judgement_blocks
from chorale.models.ensemble import average as averaged
from chorale.models.infiller import Infiller
from chorale.models.ngram import fit_ngram
from chorale.models.predictor import Predictor
from chorale.models.storage import NEXT_STEP, load_model
from chorale.music.score import Chorale
from chorale.music.voices import SOPRANO, VOICE_NAMES
from chorale.sampling.completion import Model, Options
from chorale.sampling.gibbs import InfillingOptions
from chorale.sampling.logits import RULES_MODES
from chorale.sampling.next_step import PARTICLES, SamplingOptions
from chorale.sampling.prompts import (
    as_classic,
    continue_each,
    draw_chorales,
    harmonize_each,
    reference_windows,
)
from chorale.utils.extras import require
from chorale.utils.reports import check_report_path, to_text, write_report

_DEFAULTS = SamplingOptions()
_SAMPLES = "samples"  # row of what is judged
_COUNT = 256  # of samples that go on from openings
_SOPRANO = VOICE_NAMES[SOPRANO]
# Options that make sense for a model's samples alone, or for chorales of one's own.
_OF_SAMPLES = (
    "model average given new_tunes count bars temperature top_p guidance particles "
    "rules against_rules"
).split()
_OF_FILES = ["opening"]


def judge(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[DIR]...",
            help="Chorales to judge: files, or folders of them. A model's if left out.",
            show_default=False,
        ),
    ] = None,
    model: Models = None,
    average: Average = "none",
    given: Annotated[
        str | None,
        typer.Option(
            help="soprano: instead of an opening the soprano of Bach's piece is given, "
            "and the other voices are judged; the model may be an infiller then."
        ),
    ] = None,
    new_tunes: Annotated[
        bool,
        typer.Option(
            "--new-tunes",
            help="Take pieces alone whose hymn tune no piece of train has.",
        ),
    ] = False,
    count: Annotated[
        int | None,
        typer.Option(
            "-n",
            help=f"Samples to draw from the model; {_COUNT} if left out, of sopranos "
            "each once.",
        ),
    ] = None,
    bars: Annotated[
        int | None,
        typer.Option(help="Length of each sample; that of Bach's piece if left out."),
    ] = None,
    opening: Annotated[
        int,
        typer.Option(help="Bars of each of your chorales that are not to be judged."),
    ] = 0,
    temperature: Annotated[
        float, typer.Option(help="Of the samples, as in `chorale generate`.")
    ] = _DEFAULTS.temperature,
    top_p: TopP = _DEFAULTS.top_p,
    guidance: Annotated[
        float, typer.Option(help="Of the samples, as in `chorale generate`.")
    ] = _DEFAULTS.guidance,
    particles: Particles = PARTICLES,
    rules: Annotated[
        str, typer.Option(help="Of the samples, as in `chorale generate`.")
    ] = _DEFAULTS.rules,
    against_rules: Annotated[
        str | None,
        typer.Option(
            help=f"{', '.join(RULES_MODES)}: draw as many samples by these rules as "
            "well, in a column of their own, and say how much further from train those "
            "by --rules are."
        ),
    ] = None,
    random_state: Annotated[
        int, typer.Option(help="Another number, other samples.")
    ] = _DEFAULTS.random_state,
    final: Annotated[
        bool,
        typer.Option(
            "--final",
            help="Set them beside the test split, once all choices are made.",
        ),
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Write a report with pictures too: .html, or .md."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare chorales with Bach's: style, part-writing, endings, copying.

    A model goes on from openings of the valid split, once from each before any comes
    again, to the plan of Bach's piece. Samples are drawn once each, not the best of
    several, and are judged without their openings. Three more columns say what the
    figures mean: other chorales of Bach's, parts of train, and an n-gram. With --given
    soprano both model and n-gram harmonize.

    Example: chorale judge --model bach -n 64 --report judged.html
    """
    options = SamplingOptions(
        temperature=temperature,
        top_p=top_p,
        guidance=guidance,
        particles=particles,
        rules=rules,
        random_state=random_state,
    )
    typed = names_typed(context)
    unused = _OF_SAMPLES if files else _OF_FILES
    if wrong := [name for name in typed if name in unused]:
        whose = "a model" if files else "chorales of your own"
        raise UsageError(
            f"{option_name(context, wrong[0])} is for {whose}: leave it out"
        )
    if given not in (None, _SOPRANO):
        raise UsageError(f"expected --given {_SOPRANO}, got {given!r}")
    if given is not None and bars is not None:
        raise UsageError("a soprano is harmonized whole: leave out --bars")
    if given is None and "particles" in typed:
        raise UsageError(f"--particles are led by a soprano: add --given {_SOPRANO}")
    if against_rules == rules:
        raise UsageError(
            f"the samples are drawn by rules {rules} already: name others out of "
            f"{', '.join(RULES_MODES)} after --against-rules"
        )
    ways = {_SAMPLES: options}
    if against_rules is not None:
        ways[f"rules {against_rules}"] = replace(options, rules=against_rules)
    if opening < 0:
        raise UsageError(f"expected an opening of at least 0 bars, got {opening}")
    if report is not None:
        check_report_path(report)
        require("plot", "a report with pictures")
    split = "test" if final else "valid"
    corpus = load_corpus(splits=("train", split))
    bach, train = corpus.split(split), corpus.train
    names: list[str] = []
    settings: dict[str, Any] = {}
    if files:
        title = ", ".join(str(one) for one in files)
        sets = _own_sets(files, opening, bach, train, random_state)
    else:
        if new_tunes:
            bach = unseen_melodies(corpus, split)
        names = model_names(model)
        drawn_as: Mapping[str, Options] = ways
        if given is None:
            chosen = draw_chorales(
                bach, _COUNT if count is None else count, random_state
            )
            models = [load_model(name, kind=NEXT_STEP) for name in names]
            predictor = averaged(models, average)
            sets = _continued(predictor, chosen, train, ways, bars)
        else:
            chosen = draw_chorales(
                bach, len(bach) if count is None else count, random_state
            )
            opened = [load_model(name) for name in names]
            infillers = [one for one in opened if isinstance(one, Infiller)]
            asked_model: Model
            if infillers:
                drawn_as = _as_infiller(names, average, ways, typed)
                asked_model = infillers[0]
            else:
                predictors = [one for one in opened if not isinstance(one, Infiller)]
                asked_model = averaged(predictors, average)
            sets = _harmonized(asked_model, chosen, train, drawn_as, particles)
        title = model_title(names, average)
        settings = _told(drawn_as[_SAMPLES], given)
    with progress_bar("Judging") as progress:
        judgement = judge_sets(
            **sets._asdict(), random_state=random_state, progress=progress
        )
    if as_json:
        asked = {} if files else {"models": names, "average": average, **settings}
        rows = judgement.to_json() | ({"settings": asked} if asked else {})
        typer.echo(json.dumps(rows, indent=2))
    else:
        typer.echo(to_text(judgement_blocks(judgement, title, settings)))
    if report is not None:
        blocks = report_blocks(judgement, sets.samples, title, settings)
        for path in write_report(blocks, report):
            typer.echo(f"report  {path}", err=True)


class _Sets(NamedTuple):
    """What is judged and what stands beside it, as `chorale.evaluation.judgement.judge`
    takes it."""

    samples: Sequence[Window]
    others: Sequence[Window]
    floor: Sequence[Window]
    train: Sequence[Chorale]
    melodies: Sequence[Chorale] = ()
    against: Mapping[str, Sequence[Window]] = MappingProxyType({})


def _continued(
    predictor: Predictor[Any],
    chorales: Sequence[Chorale],
    train: Sequence[Chorale],
    ways: Mapping[str, SamplingOptions],
    bars: int | None,
) -> _Sets:
    """Let a model, in each way, and the n-gram go on from the openings of chorales."""
    drawn = {}
    for name, options in ways.items():
        with progress_bar(f"Writing {name}") as progress:
            drawn[name] = continue_each(
                predictor, chorales, options, bars=bars, progress=progress
            )
    samples = drawn.pop(_SAMPLES)
    with progress_bar("Counting") as progress:
        floor = continue_each(
            fit_ngram(train),
            chorales,
            _as_it_is(ways[_SAMPLES].random_state),
            bars=bars,
            progress=progress,
        )
    beside = reference_windows(samples, chorales)
    return _Sets(samples, beside, floor, train, against=drawn)


def _harmonized(
    model: Model,
    chorales: Sequence[Chorale],
    train: Sequence[Chorale],
    ways: Mapping[str, Options],
    particles: int,
) -> _Sets:
    """Let a model of either kind and the n-gram harmonize the sopranos of chorales."""
    drawn = {}
    for name, options in ways.items():
        with progress_bar(f"Harmonizing: {name}") as progress:
            drawn[name] = harmonize_each(model, chorales, options, progress=progress)
    samples = drawn.pop(_SAMPLES)
    with progress_bar("Counting") as progress:
        floor = harmonize_each(
            fit_ngram(train),
            chorales,
            replace(_as_it_is(ways[_SAMPLES].random_state), particles=particles),
            progress=progress,
        )
    beside = reference_windows(samples, chorales)
    return _Sets(samples, beside, floor, train, chorales, drawn)


def _as_infiller(
    names: Sequence[str],
    average: str,
    ways: Mapping[str, SamplingOptions],
    typed: Sequence[str],
) -> dict[str, Options]:
    """Return ways of drawing as an infiller takes them.

    Raises:
        UsageError: several models, or an option that it has no use for.
    """
    if len(names) > 1 or average != "none":
        raise UsageError("infillers are not averaged: name one --model alone")
    if wrong := [name for name in ("guidance", "particles") if name in typed]:
        raise UsageError(f"infillers have no {wrong[0]}: leave out --{wrong[0]}")
    return {
        name: InfillingOptions(
            temperature=options.temperature,
            top_p=options.top_p,
            rules=options.rules,
            random_state=options.random_state,
        )
        for name, options in ways.items()
    }


def _told(options: Options, given: str | None) -> dict[str, Any]:
    """Return what there is to tell of how samples were drawn, by name."""
    unused = set() if given else {"particles"}
    told = {} if given is None else {"given": given}
    for name, value in asdict(options).items():
        if value is not None and name not in unused:
            told[name] = value
    return told


def _as_it_is(random_state: int) -> SamplingOptions:
    """Return options by which counting alone decides what the n-gram writes."""
    return SamplingOptions(rules="off", top_p=1.0, random_state=random_state)


def _own_sets(
    files: Sequence[Path],
    opening: int,
    bach: Sequence[Chorale],
    train: Sequence[Chorale],
    random_state: int,
) -> _Sets:
    """Match chorales out of files with Bach's, and let the n-gram write as many."""
    samples, is_classic = _own(files, opening)
    with progress_bar("Counting") as progress:
        floor = continue_each(
            fit_ngram(train),
            draw_chorales(bach, len(samples), random_state),
            _as_it_is(random_state),
            opening_bars=opening,
            progress=progress,
        )
    if is_classic:  # what the others know beyond them would tell them apart
        bach, train = (tuple(map(as_classic, one)) for one in (bach, train))
        floor = [replace(one, chorale=as_classic(one.chorale)) for one in floor]
    random = np.random.default_rng(random_state)
    return _Sets(samples, matched(samples, bach, random).windows, floor, train)


def _own(files: Sequence[Path], opening: int) -> tuple[list[Window], bool]:
    """Return the chorales in files and folders, from the end of the opening on.

    And whether they are all CSVs that tell of no repeated notes, fermatas and bars.
    """
    readings = []
    with progress_bar("Reading") as progress:
        found = find_files(files)
        for done, path in enumerate(found, start=1):
            readings.append(read_piece(path))
            progress(done, len(found))
    # Bars count from 1; bar 0 is a pickup, and no opening leaves that out.
    first_bar = opening + 1 if opening else 0
    windows = windows_of([one.chorale for one in readings], first_bar=first_bar)
    is_classic = all(
        one.metre_assumed and path.suffix.lower() == ".csv"
        for one, path in zip(readings, found, strict=True)
    )
    if is_classic:
        typer.echo(
            "note: CSVs of four columns do not tell of repeated notes, fermatas and "
            "bars; Bach's are judged as if they did not either, in 4/4",
            err=True,
        )
    elif assumed := sum(one.metre_assumed for one in readings):
        typer.echo(
            f"note: {assumed} of the files do not say their metre; bars are counted in "
            "4/4 from the first step",
            err=True,
        )
    return windows, is_classic
