"""`chorale harmonize`: three more voices for a melody."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from chorale.commands import completion_options as completing
from chorale.commands import outputs
from chorale.commands import reading_options as reading
from chorale.commands import sampling_options as sampling
from chorale.commands.model_options import ModelName
from chorale.commands.options import Force, names_typed
from chorale.commands.output_folder import OutputFolder, check_writable
from chorale.commands.pieces import find_bundled_piece
from chorale.commands.printing import print_remarks
from chorale.commands.progress import progress_bar
from chorale.corpus.reading import read_melody
from chorale.models.storage import DEFAULT_MODEL, load_model
from chorale.music.melody import Melody, melody_of
from chorale.music.voices import VOICE_NAMES, voice_named
from chorale.sampling import completion
from chorale.sampling.best_of import Judge
from chorale.sampling.next_step_options import SamplingOptions


def harmonize(
    context: typer.Context,
    melody: Annotated[
        str,
        typer.Argument(
            metavar="MELODY",
            help="A MIDI, MusicXML, ABC, Humdrum, MEI, MuseScore or CSV file of one "
            "line, or of four voices of which --voice is taken; or a bundled chorale: "
            "bwv253, or 3 for number 3 of `chorale seeds`.",
        ),
    ],
    voice: Annotated[
        str,
        typer.Option(help=f"Voice of the melody, one of {', '.join(VOICE_NAMES)}."),
    ] = "soprano",
    track: reading.Track = None,
    tune: reading.Tune = None,
    key: reading.KeyName = None,
    tempo: reading.Tempo = None,
    phrases: reading.Phrases = None,
    parts: reading.Parts = None,
    source_format: reading.From = None,
    model: ModelName = DEFAULT_MODEL,
    variations: sampling.Variations = 1,
    random_state: sampling.RandomState = sampling.NEXT_STEP.random_state,
    output: OutputFolder = Path(),
    formats: outputs.Formats = "midi",
    force: Force = False,
    instrument: outputs.Instrument = "choir",
    best_of: sampling.BestOf = completion.MELODY_DRAFTS,
    temperature: sampling.MelodyTemperature = sampling.NEXT_STEP.temperature,
    top_p: sampling.TopP = sampling.NEXT_STEP.top_p,
    rules: sampling.Rules = sampling.NEXT_STEP.rules,
    top_k: sampling.TopK = None,
    particles: sampling.MelodyParticles = None,
    guidance: sampling.Guidance = sampling.NEXT_STEP.guidance,
    critic: sampling.CriticStrength = sampling.NEXT_STEP.critic,
    method: completing.Method = completing.INFILLING.method,
    rounds: completing.Rounds = completing.INFILLING.rounds,
    report: outputs.Report = None,
) -> None:
    """Harmonize a melody: write the other three voices.

    The melody stays unchanged, note for note, in its own key. Guessed or rounded
    properties of the file are named on stderr.

    Example: chorale harmonize my-tune.musicxml -n 2 --format midi,musicxml
    """
    opened = load_model(model)
    options = completing.options_for(context, opened)
    destination = outputs.Destination.of(context)
    given = _find(context, melody, voice_named(voice))
    print_remarks(*given.remarks)
    if isinstance(options, SamplingOptions) and "temperature" in names_typed(context):
        taken = completion.temperature_for(given, options)
        if taken != options.temperature:
            print_remarks(f"taken for a folk song: the temperature is {taken:g}")
    check_writable(output)

    with progress_bar("Harmonizing") as progress:
        drawn = completion.harmonize(
            opened,
            given,
            options,
            variations=variations * best_of,
            drafts=best_of,
            progress=progress,
        )
    name = outputs.name_of(melody)
    name += "" if tune is None else f"-{tune}"
    voice_range = opened.vocabulary.ranges[given.voice]
    outputs.write_best(
        destination,
        outputs.stems(f"{name}-harmonized", random_state, variations),
        drawn,
        partial(Judge.default, model, opened),
        semitones=completion.semitones_into_range(given, voice_range),
    )


def _find(context: typer.Context, name: str, voice: int) -> Melody:
    """Return the melody in a file, or a voice of a bundled chorale."""
    chorale = find_bundled_piece(context, name)
    phrases = reading.parse_phrases(context.params["phrases"])
    if chorale is None:
        options = reading.reading_options(context)
        return read_melody(name, voice, options=options, phrases=phrases)
    return melody_of(chorale, voice, phrases=phrases)
