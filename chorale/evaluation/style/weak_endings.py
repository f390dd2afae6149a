"""Weak endings in words: phrases that do not rest, pieces that end elsewhere."""

from __future__ import annotations

from chorale.evaluation.style.analysis import Analysis
from chorale.evaluation.style.measures.phrases import last_chord, position_at
from chorale.music.harmony.analysis import Harmony
from chorale.music.harmony.cadences import ends_complete, has_third
from chorale.music.keys import pitch_name
from chorale.music.spelling import Spelling
from chorale.music.voices import SILENCE
from chorale.voice_leading.phrase_ends import INVERTED, NO_TRIAD

_OCTAVE_SIGNS = "-0123456789"


def weak_phrase_ends(analysis: Analysis) -> list[tuple[int, str]]:
    """Return where phrases do not end on a triad in root position, and on what."""
    kinds = {NO_TRIAD: "a dissonance over"}
    kinds |= dict.fromkeys(INVERTED, "the inversion")
    found = []
    for ending in analysis.endings:
        kind = kinds.get(position_at(analysis, ending))
        if kind is not None:
            chord = last_chord(analysis, ending)
            text = f"ends on {kind} {chord.numeral} in {chord.key.name}"
            found.append((ending.step, text))
    return found


def weak_end(analysis: Analysis) -> tuple[int, str] | None:
    """Return where and how a piece ends without a complete cadence; None if it does.

    Windows that were cut, and silence, have no end.
    """
    harmony = analysis.harmony
    if analysis.is_cut or not harmony.harmonies:
        return None
    if ends_complete(analysis.chorale, harmony):
        return None
    last = harmony.harmonies[-1]
    home = harmony.key
    name = chord_name(analysis, last)
    if last.root != home.tonic_class or last.quality not in ("major", "minor"):
        return last.start, f"ends on {name}, the home key is {home.name}"
    if last.inversion:
        return last.start, f"ends on an inversion of the tonic, {last.numeral}"
    if home.mode == "major" and last.quality == "minor":
        return last.start, f"ends on {name}, the home key is {home.name}"
    if not has_third(analysis.chorale, last):
        return last.start, "ends on the tonic without its third"
    return last.start, "ends on the tonic, to which no dominant or subdominant leads"


def chord_name(analysis: Analysis, harmony: Harmony) -> str:
    """Return the name of a chord such as `G minor` or `F# diminished`."""
    piece = analysis.piece
    for step in range(harmony.start, harmony.end):
        for voice, pitch in enumerate(piece.pitches[step].tolist()):
            if pitch != SILENCE and pitch % 12 == harmony.root:
                note = Spelling.of(pitch, int(piece.spelling[step, voice])).name
                return f"{note.rstrip(_OCTAVE_SIGNS)} {harmony.quality}"
    root = pitch_name(60 + harmony.root).rstrip(_OCTAVE_SIGNS)
    return f"{root} {harmony.quality}"
