"""`chorale judge --listen`: a page on which people judge by ear."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.judged_corpus import load_reference, prompts_of
from chorale.commands.model_options import model_names, model_title
from chorale.commands.options import OUTPUT, names_typed, option_name
from chorale.commands.output_folder import check_writable
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.commands.sampling_options import (
    GENERATED_BEST_OF,
    next_step_options,
    settings_of,
)
from chorale.errors import UsageError
from chorale.evaluation.listening import Pair, Wording, listening_page
from chorale.models.ensemble import average as averaged
from chorale.models.storage import NEXT_STEP, load_card, load_model
from chorale.sampling.best_of import Judge, typical_of
from chorale.sampling.listening_pairs import draw_originals, sample_pairs
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.openings import OPENING_BARS
from chorale.utils.extras import require
from chorale.utils.files import write_text
from chorale.utils.saving import check_new, drafts, save_exactly
from chorale.utils.text import counted
from chorale.version import __version__

PAIRS = 20
FILE = "listening.html"

Listen = Annotated[
    Path | None,
    typer.Option(
        "--listen",
        metavar="DIR",
        help=f"Instead, write a page for listeners, DIR/{FILE}: pairs of a held-out "
        "piece and a sample of the same opening, blind, with score and sound. The "
        f"samples are drawn as by `chorale generate`, the best of {GENERATED_BEST_OF}.",
        show_default="none",
        rich_help_panel=OUTPUT,
    ),
]
# The other options that have a meaning for the page.
_OPTIONS = (
    "listen model corpus count random_state force temperature top_p rules rests "
    "guidance critic particles average new_tunes final"
).split()


def write_page(context: typer.Context, folder: Path) -> None:
    """Draw samples, write the listening page to a folder, and print its name.

    Args:
        context: of `chorale judge`.
        folder: made if there is none.

    Raises:
        UsageError: an option without effect, or more pairs than pieces.
        OutputError: there is such a page already.
    """
    asked = context.params
    _check_options(context)
    require("score", "a listening page", ["verovio"])
    path = folder / FILE
    if not asked["force"]:
        check_new(path)
    check_writable(folder)
    corpus = None if asked["corpus"] is None else Path(asked["corpus"])
    options = next_step_options(context)
    names = model_names(asked["model"])
    reference = load_reference(
        corpus,
        "test" if asked["final"] else "valid",
        names,
        new_tunes=asked["new_tunes"],
    )
    models = {name: load_model(name, kind=NEXT_STEP) for name in names}
    # The first model is the judge: its card has its likelihoods of Bach's own chorales.
    name, first = next(iter(models.items()))
    predictor = averaged(list(models.values()), asked["average"])
    count = PAIRS if asked["count"] is None else asked["count"]
    originals = draw_originals(
        prompts_of(reference, predictor, given=False), count, options
    )
    with progress_bar("Sampling") as progress:
        pairs, remarks = sample_pairs(
            predictor,
            originals,
            options,
            Judge(first, typical_of(load_card(name))),
            best_of=GENERATED_BEST_OF,
            plain=reference.is_classic or first.vocabulary.encoding == "pitch",
            progress=progress,
        )
    print_remarks(*remarks)
    wording = Wording.of(
        reference.name,
        is_bach=corpus is None,
        opening=counted(OPENING_BARS, "bar"),
        about=_about(model_title(names, asked["average"]), options),
    )
    _write(path, pairs, wording, options.random_state, overwrite=asked["force"])
    typer.echo(path)


def _check_options(context: typer.Context) -> None:
    """Raise a UsageError for an option that has no effect on the page."""
    if context.params["files"]:
        raise UsageError("--listen is for samples of a model: leave out the PATHs")
    for name in names_typed(context):
        if name not in _OPTIONS:
            raise UsageError(
                f"{option_name(context, name)} has no effect with --listen: leave it "
                "out"
            )


def _about(title: str, options: SamplingOptions) -> str:
    """Return what the samples are, for the end of the page."""
    words = ", ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in settings_of(options).items()
        if value is not False
    )
    return (
        f"The other pieces are samples of the model {title} (chorale {__version__}), "
        f"each the best of {GENERATED_BEST_OF}, as “chorale generate” writes them: "
        f"{words}."
    )


def _write(
    path: Path,
    pairs: list[Pair],
    wording: Wording,
    random_state: int,
    *,
    overwrite: bool,
) -> None:
    with progress_bar("Engraving") as progress:
        text = listening_page(
            pairs, wording, random_state=random_state, progress=progress
        )
    with drafts(path.parent) as hidden:
        draft = hidden / path.name
        write_text(draft, text)
        save_exactly([draft], [path], overwrite=overwrite)
