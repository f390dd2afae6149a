"""`chorale judge`: compare chorales, a model's samples or your own, with a corpus."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from chorale.commands.judged_corpus import load_reference
from chorale.commands.judged_sets import COUNT, sets_from_files, sets_from_model
from chorale.commands.listening import PAIRS, Listen, write_page
from chorale.commands.model_options import (
    Average,
    Models,
    model_names,
    model_title,
)
from chorale.commands.options import (
    ADVANCED,
    OUTPUT,
    SAMPLING,
    Force,
    names_typed,
    option_name,
)
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.commands.sampling_options import NEXT_STEP as DEFAULTS
from chorale.commands.sampling_options import (
    BestOf,
    CriticStrength,
    Guidance,
    Particles,
    RandomState,
    Rests,
    Rules,
    Temperature,
    TopP,
)
from chorale.errors import UsageError
from chorale.evaluation.judgement import judge as judge_sets
from chorale.evaluation.report import report_blocks
from chorale.evaluation.tables import judgement_blocks
from chorale.music.voices import SOPRANO, VOICE_NAMES
from chorale.sampling.logits import RULES_MODES
from chorale.sampling.next_step_options import PARTICLES
from chorale.utils.extras import require
from chorale.utils.reports import check_report_path, to_text, write_report
from chorale.utils.saving import check_new

_output = partial(typer.Option, rich_help_panel=OUTPUT)
_sampling = partial(typer.Option, rich_help_panel=SAMPLING)
_advanced = partial(typer.Option, rich_help_panel=ADVANCED)

_SOPRANO = VOICE_NAMES[SOPRANO]
_FOR_SAMPLES = (
    "model average given new_tunes count bars temperature top_p guidance critic "
    "particles best_of rules rests against_rules"
).split()
_FOR_FILES = ["opening"]

_Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH]...",
        help="Chorales to judge: files, or folders of them. Without any, samples of a "
        "model are judged.",
        show_default=False,
    ),
]
_Count = Annotated[
    int | None,
    typer.Option(
        "-n",
        help="Number of samples, 1 or more. More give narrower intervals and take "
        "longer.",
        show_default=f"{COUNT}; with --given, each piece once; {PAIRS} pairs to hear",
    ),
]
_Report = Annotated[
    Path | None,
    _output(
        help="Also write a report with plots, a file that ends in .html or .md.",
        show_default="none",
    ),
]
_Json = Annotated[bool, _output("--json", help="Print JSON.")]
_Corpus = Annotated[
    Path | None,
    typer.Option(
        help="Folder of a corpus to compare with. If it has no valid split, what the "
        "training of the model held out of it is used.",
        show_default="Bach's chorales",
    ),
]
_Given = Annotated[
    str | None,
    _sampling(
        metavar=_SOPRANO,
        help="Harmonize sopranos of the corpus instead of continuing openings; the "
        "model may be an infiller.",
        show_default="none",
    ),
]
_Bars = Annotated[
    int | None,
    _sampling(
        help="Length of each continuation in bars, opening included.",
        show_default="that of the corpus's piece",
    ),
]
_Opening = Annotated[
    int,
    _advanced(
        help="For files: number of bars at the beginning that are not judged.",
    ),
]
_NewTunes = Annotated[
    bool,
    _advanced(
        "--new-tunes",
        help="Use only pieces whose hymn tune does not occur in train.",
    ),
]
_AgainstRules = Annotated[
    str | None,
    _advanced(
        help=f"{', '.join(RULES_MODES)}: draw a variant of the samples with these "
        "rules, and test the difference of the distances.",
        show_default="none",
    ),
]
_Final = Annotated[
    bool,
    _advanced(
        "--final",
        help="Use the test split instead of valid. Only once, after all choices are "
        "made.",
    ),
]


def judge(
    context: typer.Context,
    files: _Files = None,
    model: Models = None,
    corpus: _Corpus = None,
    count: _Count = None,
    random_state: RandomState = DEFAULTS.random_state,
    report: _Report = None,
    listen: Listen = None,
    as_json: _Json = False,
    force: Force = False,
    given: _Given = None,
    bars: _Bars = None,
    best_of: BestOf = 1,
    temperature: Temperature = DEFAULTS.temperature,
    top_p: TopP = DEFAULTS.top_p,
    rules: Rules = DEFAULTS.rules,
    rests: Rests = DEFAULTS.rests,
    guidance: Guidance = DEFAULTS.guidance,
    critic: CriticStrength = DEFAULTS.critic,
    particles: Particles = PARTICLES,
    average: Average = "none",
    opening: _Opening = 0,
    new_tunes: _NewTunes = False,
    against_rules: _AgainstRules = None,
    final: _Final = False,
) -> None:
    """Compare chorales with Bach's: style, part-writing, endings, copying.

    A model continues openings of the valid split, following the plans of its pieces.
    Each sample is a single draft, unless --best-of asks for several as generate and
    harmonize do, and is judged without its opening. Three columns give the scale:
    held-out chorales by Bach, random subsets of the training chorales, and an n-gram
    model. --corpus names another corpus than Bach's to compare with.

    Example: chorale judge --model bach -n 64 --report judged.html
    """
    if listen is not None:
        write_page(context, listen)
        return
    _check_options(context)
    if report is not None:
        check_report_path(report)
        if not force:
            check_new(report)
        require("plot", "a report with plots")
    split = "test" if final else "valid"
    names = [] if files else model_names(model)
    reference = load_reference(corpus, split, names, new_tunes=new_tunes)
    settings: dict[str, Any] = {}
    if files:
        title = ", ".join(map(str, files))
        sets = sets_from_files(files, opening, reference, random_state)
    else:
        sets, settings = sets_from_model(context, reference)
        title = model_title(names, average)
    with progress_bar("Judging") as progress:
        judgement = judge_sets(sets, random_state=random_state, progress=progress)
    if judgement.remark:
        print_remarks(judgement.remark)
    if as_json:
        answer = judgement.to_json()
        if corpus is not None:
            answer["corpus"] = {
                "name": reference.name,
                "path": str(corpus),
                "split": split,
                "train": len(reference.train),
                "held_out": len(reference.held_out),
            }
        if settings:
            answer["settings"] = {"models": names, "average": average, **settings}
        typer.echo(json.dumps(answer, indent=2))
    else:
        typer.echo(to_text(judgement_blocks(judgement, title, settings)))
    if report is not None:
        blocks = report_blocks(judgement, sets.samples, title, settings)
        for path in write_report(blocks, report, overwrite=force):
            typer.echo(f"report  {path}", err=True)


def _check_options(context: typer.Context) -> None:
    """Raise a UsageError for an option without effect or out of bounds."""
    asked, typed = context.params, names_typed(context)
    for name in _FOR_SAMPLES if asked["files"] else _FOR_FILES:
        if name in typed:
            source = "samples of a model" if asked["files"] else "chorales from files"
            raise UsageError(
                f"{option_name(context, name)} is for {source}: leave it out"
            )
    given, rules = asked["given"], asked["rules"]
    if given not in (None, _SOPRANO):
        raise UsageError(f"expected --given {_SOPRANO}, got {given!r}")
    if given is not None and asked["bars"] is not None:
        raise UsageError("sopranos are harmonized whole: leave out --bars")
    if asked["against_rules"] == rules:
        raise UsageError(
            f"expected --against-rules other than --rules {rules}, out of "
            f"{', '.join(RULES_MODES)}"
        )
    if asked["best_of"] < 1:
        raise UsageError(f"expected --best-of 1 or more, got {asked['best_of']}")
    if asked["opening"] < 0:
        raise UsageError(
            f"expected an opening of at least 0 bars, got {asked['opening']}"
        )
