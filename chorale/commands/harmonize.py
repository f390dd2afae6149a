"""`chorale harmonize`: three more voices for a melody."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.options import DEFAULT_TOP_P, TopP
from chorale.commands.outputs import (
    BestOf,
    Formats,
    Instrument,
    OutputFolder,
    RandomState,
    Report,
    Rules,
    Temperature,
    TopK,
    Variations,
    check_outputs,
    check_writable,
    keep_best,
    stems,
    warn_of_endings,
    write_choices,
    write_pieces,
)
from chorale.commands.progress import progress_bar
from chorale.commands.sampling_options import (
    INFILLING,
    SAMPLING,
    Guidance,
    Method,
    ModelName,
    Particles,
    Rounds,
    options_for,
)
from chorale.corpus.reading import read_melody
from chorale.corpus.seeds import find_bundled
from chorale.errors import UsageError
from chorale.models.storage import DEFAULT_MODEL, load_model
from chorale.music.melody import Melody, melody_of
from chorale.music.voices import VOICE_NAMES, voice_named
from chorale.sampling import completion
from chorale.sampling.completion import semitones_into_range
from chorale.sampling.next_step import PARTICLES


def harmonize(
    context: typer.Context,
    melody: Annotated[
        str,
        typer.Argument(
            metavar="MELODY",
            help="A MIDI, MusicXML, ABC, Humdrum or CSV file of one line, or of four "
            "voices of which one is taken; or a bundled chorale, such as bwv253, or 3 "
            "as `chorale seeds` counts.",
        ),
    ],
    voice: Annotated[
        str, typer.Option(help=f"Which it is: {', '.join(VOICE_NAMES)}.")
    ] = "soprano",
    tune: Annotated[
        int | None, typer.Option(help="Number of a tune in a book of ABC.")
    ] = None,
    model: ModelName = DEFAULT_MODEL,
    particles: Particles = PARTICLES,
    guidance: Guidance = SAMPLING.guidance,
    method: Method = INFILLING.method,
    rounds: Rounds = INFILLING.rounds,
    temperature: Temperature = SAMPLING.temperature,
    top_p: TopP = DEFAULT_TOP_P,
    top_k: TopK = None,
    rules: Rules = SAMPLING.rules,
    best_of: BestOf = 2,
    variations: Variations = 1,
    random_state: RandomState = SAMPLING.random_state,
    output: OutputFolder = Path(),
    formats: Formats = "midi",
    instrument: Instrument = "choir",
    report: Report = None,
) -> None:
    """Harmonize a melody: write the other three voices.

    The melody stays as it is, note for note, in its own key. What had to be guessed or
    rounded is said.

    Example: chorale harmonize my-tune.musicxml -n 2 --format midi,musicxml
    """
    opened = load_model(model)
    options = options_for(context, opened)
    endings = check_outputs(
        best_of=best_of, report=report, formats=formats, instrument=instrument
    )
    found = _find(melody, voice_named(voice), tune)
    for remark in found.remarks:
        typer.echo(f"note: {remark}", err=True)
    check_writable(output)

    with progress_bar("Harmonizing") as progress:
        drawn = completion.harmonize(
            opened,
            found,
            options,
            variations=variations * best_of,
            progress=progress,
        )
    name = Path(melody).stem if Path(melody).is_file() else melody.casefold()
    name += "" if tune is None else f"-{tune}"
    best, chosen = keep_best(
        drawn,
        stems(f"{name}-harmonized", random_state, variations),
        best_of=best_of,
        report=report,
        semitones=semitones_into_range(found, opened.vocabulary.ranges[found.voice]),
    )
    write_pieces(best, output, endings, instrument)
    write_choices(chosen, report)
    warn_of_endings(chosen, best_of)


def _find(name: str, voice: int, tune: int | None) -> Melody:
    """Return the melody in a file, or a voice of a bundled chorale."""
    chorale = find_bundled(name)
    if chorale is not None:
        if tune is not None:
            raise UsageError(
                "only books of tunes in .abc have numbers: leave --tune out"
            )
        return melody_of(chorale, voice)
    return read_melody(name, voice, tune=tune)
