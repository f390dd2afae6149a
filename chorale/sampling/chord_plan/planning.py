"""The plan of a melody: its chords, and the cadences to which they lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from chorale.encoding.plan import Plan
from chorale.models.form import Phrases
from chorale.music.keys import Key
from chorale.music.voices import HIGHEST_PITCH, SILENCE, SOPRANO
from chorale.sampling.asked_cadences import arrival_of
from chorale.sampling.asked_plan import Ending, PlannedChord
from chorale.sampling.chord_plan.beats import ARRIVALS, CADENCE, HELD, Beat, beats_of
from chorale.sampling.chord_plan.chain import SCALES, chord_chain
from chorale.sampling.chord_plan.chords import Chord
from chorale.sampling.chord_plan.endings import endings_of
from chorale.sampling.fragments import Fragment


def with_planned_chords(
    fragment: Fragment,
    stream: np.random.SeedSequence | None = None,
    *,
    foreign: Sequence[int] = (),
    are_keys_known: bool = True,
) -> Fragment:
    """Return a fragment with chords for its soprano, and its endings as these ask for.

    Args:
        fragment: a piece whose soprano is given, with a key.
        stream: of random numbers, which make plans differ; None for the likeliest
            chords.
        foreign: pitch classes that the melody avoids, see
            `chorale.sampling.note_costs.foreign_classes`.
        are_keys_known: whether the model knows keys, so that it can be asked for them.
    """
    chorale = fragment.chorale
    plan, key = Plan.of(chorale), chorale.key
    assert key is not None
    beats = beats_of(plan, chorale.pitches[:, SOPRANO], chorale.onsets[:, SOPRANO])
    random = None if stream is None else np.random.default_rng(stream)
    chords = chord_chain().likeliest(beats, key, foreign=foreign, random=random)
    endings = endings_of(beats, chords, key)
    phrases = Phrases(plan)
    # A phrase without a beat has no ending: then the model is asked for none.
    is_asked = are_keys_known and len(endings) == len(phrases)
    if is_asked:
        on_beats = {beat.step for beat in beats}
        line = chorale.pitches[:, SOPRANO]
        endings = tuple(
            ending
            if arrival_of(plan.fermatas, line, start, end) in on_beats
            else Ending(ending.key)  # the last note begins after the beat
            for ending, start, end in zip(
                endings, phrases.starts, phrases.ends, strict=True
            )
        )
    return replace(
        fragment,
        chords=tuple(_planned(beats, chords, key)),
        endings=endings if is_asked else fragment.endings,
    )


def _planned(
    beats: Sequence[Beat], chords: Sequence[Chord], key: Key
) -> list[PlannedChord]:
    """Return the chords of beats in pitch classes.

    A phrase keeps its last chord to the end of the beat, even if the melody moves on,
    and where its last note, or its octave, is struck again; what else comes after it is
    left open. Sevenths that the melody has are not doubled.
    """
    planned: list[PlannedChord] = []
    last: Chord | None = None
    sung = SILENCE
    for beat, chord in zip(beats, chords, strict=True):
        if beat.place != HELD:
            last = chord
        elif SILENCE in (beat.pitch, sung) or beat.pitch % 12 != sung % 12:
            last = None
        sung = beat.pitch
        if last is None:
            continue
        melody = (beat.pitch - key.tonic_class) % 12 if beat.pitch else None
        sevenths = SCALES[key.mode].intersection(last.tones[3:]) - {melody}
        tones = (*last.triad_tones, *sorted(sevenths))
        steps = [beat.step]
        if beat.place in ARRIVALS:
            steps += [note.step for note in beat.notes if note.step > beat.step]
        planned += [
            PlannedChord(
                step,
                tuple((key.tonic_class + tone) % 12 for tone in tones),
                (key.tonic_class + last.bass) % 12,
                ceiling=min((note.pitch for note in beat.notes), default=HIGHEST_PITCH),
                in_cadence=beat.place in CADENCE,
            )
            for step in steps
        ]
    return planned
