"""`chorale harmonize`: three more voices for a melody."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chorale.commands.outputs import (
    Formats,
    Instrument,
    OutputFolder,
    Outputs,
    Report,
    check_writable,
    stems,
    write_best,
)
from chorale.commands.progress import progress_bar
from chorale.commands.sampling_options import (
    INFILLING_DEFAULTS,
    NEXT_STEP_DEFAULTS,
    BestOf,
    Guidance,
    Method,
    ModelName,
    Particles,
    RandomState,
    Rounds,
    Rules,
    Temperature,
    TopK,
    TopP,
    Variations,
    options_for,
)
from chorale.corpus.reading import read_melody
from chorale.corpus.seeds import find_bundled
from chorale.errors import UsageError
from chorale.models.storage import DEFAULT_MODEL, load_model
from chorale.music.melody import Melody, melody_of
from chorale.music.voices import VOICE_NAMES, voice_named
from chorale.sampling import completion
from chorale.sampling.best_of import Judge
from chorale.sampling.next_step import PARTICLES


def harmonize(
    context: typer.Context,
    melody: Annotated[
        str,
        typer.Argument(
            metavar="MELODY",
            help="A MIDI, MusicXML, ABC, Humdrum or CSV file of one line, or of four "
            "voices of which --voice is taken; or a bundled chorale: bwv253, or 3 for "
            "number 3 of `chorale seeds`.",
        ),
    ],
    voice: Annotated[
        str,
        typer.Option(help=f"Voice of the melody, one of {', '.join(VOICE_NAMES)}."),
    ] = "soprano",
    tune: Annotated[
        int | None,
        typer.Option(
            help="Number of the tune, the X: field, in a book of tunes in ABC.",
            show_default="the only one",
        ),
    ] = None,
    model: ModelName = DEFAULT_MODEL,
    variations: Variations = 1,
    random_state: RandomState = NEXT_STEP_DEFAULTS.random_state,
    output: OutputFolder = Path(),
    formats: Formats = "midi",
    instrument: Instrument = "choir",
    best_of: BestOf = 2,
    temperature: Temperature = NEXT_STEP_DEFAULTS.temperature,
    top_p: TopP = NEXT_STEP_DEFAULTS.top_p,
    rules: Rules = NEXT_STEP_DEFAULTS.rules,
    top_k: TopK = None,
    particles: Particles = PARTICLES,
    guidance: Guidance = NEXT_STEP_DEFAULTS.guidance,
    method: Method = INFILLING_DEFAULTS.method,
    rounds: Rounds = INFILLING_DEFAULTS.rounds,
    report: Report = None,
) -> None:
    """Harmonize a melody: write the other three voices.

    The melody stays unchanged, note for note, in its own key. Guessed or rounded
    properties of the file are named on stderr.

    Example: chorale harmonize my-tune.musicxml -n 2 --format midi,musicxml
    """
    opened = load_model(model)
    options = options_for(context, opened)
    outputs = Outputs(
        folder=output,
        formats=formats,
        instrument=instrument,
        best_of=best_of,
        report=report,
    )
    given = _find(melody, voice_named(voice), tune)
    for remark in given.remarks:
        typer.echo(f"note: {remark}", err=True)
    check_writable(output)

    with progress_bar("Harmonizing") as progress:
        drawn = completion.harmonize(
            opened,
            given,
            options,
            variations=variations * best_of,
            progress=progress,
        )
    name = Path(melody).stem if Path(melody).is_file() else melody.casefold()
    name += "" if tune is None else f"-{tune}"
    voice_range = opened.vocabulary.ranges[given.voice]
    write_best(
        outputs,
        stems(f"{name}-harmonized", random_state, variations),
        drawn,
        Judge.load,
        semitones=completion.semitones_into_range(given, voice_range),
    )


def _find(name: str, voice: int, tune: int | None) -> Melody:
    """Return the melody in a file, or a voice of a bundled chorale."""
    chorale = find_bundled(name)
    if chorale is None:
        return read_melody(name, voice, tune=tune)
    if tune is not None:
        raise UsageError(
            f"--tune is for books of tunes in .abc, got the bundled chorale {name}: "
            "leave it out"
        )
    return melody_of(chorale, voice)
