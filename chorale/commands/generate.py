"""`chorale generate`: new chorales from an opening of Bach's, or from nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from chorale.averaging import average as averaged
from chorale.commands.options import Average, Models
from chorale.commands.progress import progress_bar
from chorale.errors import OutputError, UsageError
from chorale.importing import FORMATS, write
from chorale.judging.choosing import Candidate, choose, typical_of
from chorale.judging.tables import choice_blocks
from chorale.models import DEFAULT_MODEL, find_model, load_card, load_predictor
from chorale.reports import check_report_path, write_report
from chorale.sampling import SamplingOptions, sample
from chorale.seeds import find_start
from chorale.voices import INSTRUMENTS

_DEFAULTS = SamplingOptions()


def generate(
    seed: Annotated[
        str,
        typer.Option(
            help="What to continue: a number from `chorale seeds`, a bundled chorale "
            "such as bwv253, a CSV, MIDI or MusicXML file, or none."
        ),
    ] = "1",
    bars: Annotated[
        int | None,
        typer.Option(help="Length of the whole piece; that of the plan if left out."),
    ] = None,
    opening: Annotated[
        int | None,
        typer.Option(help="Bars of the seed to keep; two if left out."),
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            help="A seed whose metre, pickup, fermatas and length to follow; that of "
            "--seed if left out."
        ),
    ] = None,
    model: Models = None,
    average: Average = "none",
    temperature: Annotated[
        float, typer.Option(help="Below 1 safer, above 1 bolder.")
    ] = _DEFAULTS.temperature,
    top_p: Annotated[
        float,
        typer.Option(help="Draw from the likeliest notes up to this probability."),
    ] = _DEFAULTS.top_p,
    top_k: Annotated[
        int | None, typer.Option(help="Draw from this many likeliest notes.")
    ] = None,
    guidance: Annotated[
        float, typer.Option(help="How closely to follow the key; 0 as the model does.")
    ] = _DEFAULTS.guidance,
    rules: Annotated[
        str, typer.Option(help="Part-writing: off, lenient or strict.")
    ] = _DEFAULTS.rules,
    best_of: Annotated[
        int,
        typer.Option(
            help="Chorales drawn for each one that is kept: the one that the judge "
            "likes most."
        ),
    ] = 3,
    variations: Annotated[int, typer.Option("-n", help="How many to write.")] = 1,
    random_state: Annotated[
        int, typer.Option(help="Another number, another piece.")
    ] = _DEFAULTS.random_state,
    output: Annotated[Path, typer.Option(help="Folder to write to.")] = Path(),
    formats: Annotated[
        str,
        typer.Option("--format", help=f"Any of {', '.join(FORMATS)}, with commas."),
    ] = "midi",
    instrument: Annotated[
        str, typer.Option(help=f"One of {', '.join(INSTRUMENTS)}.")
    ] = "choir",
    report: Annotated[
        Path | None,
        typer.Option(help="Write what was drawn, and why it was kept: .md or .html."),
    ] = None,
) -> None:
    """Write new chorales.

    Of several that are drawn one is kept that ends on a cadence, breaks few rules of
    part-writing and is as likely as Bach's own; `--best-of 1` takes what comes.

    Example: chorale generate --seed 3 --bars 16 -n 4 --format midi,musicxml
    """
    options = SamplingOptions(
        temperature=temperature,
        top_p=top_p,
        top_k=top_k,
        guidance=guidance,
        rules=rules,
        random_state=random_state,
    )
    if best_of < 1:
        raise UsageError(f"expected the best of at least 1, got {best_of}")
    if report is not None:
        check_report_path(report)
    endings = _parse_formats(formats)
    if instrument not in INSTRUMENTS:
        raise UsageError(
            f"expected an instrument out of {', '.join(INSTRUMENTS)}, "
            f"got {instrument!r}"
        )
    start = find_start(
        seed, plan=plan, bars=bars, opening_bars=opening, random_state=random_state
    )
    _check_writable(output)

    names = model or [DEFAULT_MODEL]
    predictors = [load_predictor(name) for name in names]
    predictor = averaged(predictors, average)
    with progress_bar("Writing chorales") as progress:
        drawn = sample(
            predictor,
            start.plan,
            start.opening,
            options,
            variations=variations * best_of,
            progress=progress,
        )
    # The judge asks the first model by itself: its card says how likely Bach is to it.
    typical = typical_of(load_card(find_model(names[0])))
    chosen: dict[str, list[Candidate]] = {}
    for number in range(1, variations + 1):
        stem = _stem(seed) + (f"-state{random_state}" if random_state else "")
        stem += f"-{number}" if variations > 1 else ""
        chosen[stem] = choose(
            predictors[0],
            drawn[(number - 1) * best_of : number * best_of],
            opening=start.opening.steps if start.opening else 0,
            typical=typical,
        )
    for stem, candidates in chosen.items():
        for ending in endings:
            path = output / f"{stem}{ending}"
            write(candidates[0].chorale, path, instrument=instrument)
            typer.echo(path)
    if report is not None:
        write_report(choice_blocks(chosen), report)
    if best_of > 1 and not all(best[0].ends_well for best in chosen.values()):
        typer.echo(
            f"note: of {best_of} chorales none ended on a cadence; the --best-of more "
            "may",
            err=True,
        )


def _parse_formats(text: str) -> list[str]:
    """Return the endings of formats named with commas between them."""
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise UsageError(
            f"expected formats out of {', '.join(FORMATS)}, got {unknown[0]!r}"
        )
    return [FORMATS[name] for name in dict.fromkeys(names)]


def _stem(seed: str) -> str:
    """Return the name of the files written for a seed, without number and ending."""
    if seed.isdigit():
        return f"chorale-seed{int(seed)}"
    name = Path(seed).stem if Path(seed).is_file() else seed.casefold()
    return f"chorale-{name}"


def _check_writable(folder: Path) -> None:
    """Find out before the work whether its result can be written; leave no trace.

    Raises:
        OutputError: the folder, or the nearest one above it, takes no files.
    """
    try:
        existing = next(one for one in (folder, *folder.parents) if one.exists())
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"{folder}: cannot write there: {reason}") from error
