"""Harmonic analyses as text and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from chorale.music.harmony.analysis import Analysis, Phrase, key_label
from chorale.music.score import Chorale
from chorale.music.voices import VOICE_NAMES


def place(chorale: Chorale, step: int) -> dict[str, Any]:
    """Return the step, bar and beat of a step, as findings have them."""
    return {
        "step": step,
        "bar": int(chorale.bars[step]),
        "beat": chorale.beat_at(step),
    }


def analysis_lines(chorale: Chorale, analysis: Analysis) -> list[str]:
    """Return an analysis in words: the form, then a line for each phrase.

    A line has the bars, the key and the numerals with `|` at the barlines, and the
    cadence.
    """
    form = f"form {analysis.form}"
    if analysis.stollen:
        form += f", bar form AAB with Stollen of {analysis.stollen} phrases"
    labels = analysis.numerals()
    keys = {harmony.start: key_label(harmony.key) for harmony in analysis.harmonies}
    lines = [f"{analysis.key.name}, {form}"]
    for phrase in analysis.phrases:
        first, last = (
            int(chorale.bars[step]) for step in (phrase.start, phrase.end - 1)
        )
        bars = f"bar {first}" if first == last else f"bars {first}-{last}"
        words: list[str] = []
        bar = first
        for step, text in labels:
            if phrase.start <= step < phrase.end:
                if words and chorale.bars[step] != bar:
                    words.append("|")
                if not words and ":" not in text:  # the key of the phrase before
                    text = f"{keys[step]}: {text}"
                bar = int(chorale.bars[step])
                words.append(text)
        lines.append(f"{bars}: {' '.join(words)} -> {_cadence(phrase)}")
    return lines


def _cadence(phrase: Phrase) -> str:
    cadence = phrase.cadence
    if cadence is None:
        return "no harmony"
    kind = "no cadence" if cadence.kind == "none" else cadence.kind
    soprano = f", soprano on {cadence.soprano}" if cadence.soprano else ""
    return f"{kind} in {cadence.key.name}{soprano}"


def analysis_json(chorale: Chorale, analysis: Analysis) -> dict[str, Any]:
    """Return an analysis as JSON: keys by name, places as steps, bars and beats."""
    return {
        "key": analysis.key.name,
        "form": analysis.form,
        "stollen": analysis.stollen,
        "harmonies": [
            place(chorale, harmony.start)
            | {
                "end": harmony.end,
                "key": key_label(harmony.key),
                "numeral": harmony.numeral,
                "root": harmony.root,
                "quality": harmony.quality,
                "inversion": harmony.inversion,
            }
            for harmony in analysis.harmonies
        ],
        "non_chord_tones": [
            place(chorale, tone.start)
            | asdict(tone)
            | {"voice": VOICE_NAMES[tone.voice]}
            for tone in analysis.non_chord_tones
        ],
        "phrases": [
            place(chorale, phrase.start)
            | {
                "end": phrase.end,
                "letter": phrase.letter,
                "repeats": phrase.repeats and asdict(phrase.repeats),
                "cadence": phrase.cadence
                and place(chorale, phrase.cadence.step)
                | {
                    "kind": phrase.cadence.kind,
                    "key": phrase.cadence.key.name,
                    "numerals": list(phrase.cadence.numerals),
                    "soprano": phrase.cadence.soprano,
                },
            }
            for phrase in analysis.phrases
        ],
    }
