"""Marked scores: a piece with the faults of part-writing and the roman numerals on it.

As a teacher marks an exercise: the notes of a fault are red, a sentence says what is
wrong above the staff of the upper of its voices, numerals and cadences are below the
bass. The notes are those that were checked, spelled as the check spelled them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from chorale.formats.musicxml.marks import Mark, Place
from chorale.formats.musicxml.writer import write_musicxml
from chorale.music.harmony.analysis import Analysis
from chorale.music.score import Chorale
from chorale.music.voices import BASS
from chorale.utils.arrays import IntArray
from chorale.voice_leading.checking import Finding
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rules import RULES

ENDING = ".musicxml"
_RED = "#B00020"
_WIDTH = 32  # letters in a line of a sentence: about half a bar of four quarters


def marked_name(stem: str) -> str:
    """Return the name of the marked score of a piece, without its ending."""
    return f"{stem}-checked"


def write_marked(
    chorale: Chorale,
    path: Path,
    findings: Sequence[Finding],
    analysis: Analysis,
    *,
    spelling: IntArray | None = None,
) -> None:
    """Write a marked score, a MusicXML file.

    Args:
        chorale: the piece.
        path: of the file.
        findings: of the check.
        analysis: of the piece.
        spelling: as it was checked, int array (steps, 4); None: the checker spelled it.

    Raises:
        OutputError: the file cannot be written.
    """
    spelled = Piece(chorale, spelling).spelling
    found = marks(chorale, findings, analysis)
    write_musicxml(chorale, path, spelling=spelled, marks=found)


def marks(
    chorale: Chorale, findings: Iterable[Finding], analysis: Analysis
) -> list[Mark]:
    """Return the marks on a piece: its findings, then numerals and cadences."""
    sentences = [_sentence(finding) for finding in findings]
    below = dict(analysis.numerals())
    for phrase in analysis.phrases:
        cadence = phrase.cadence
        if cadence is not None and cadence.kind != "none":
            numeral = below.get(cadence.step)
            below[cadence.step] = "\n".join(filter(None, (numeral, cadence.kind)))
    numerals = [
        Mark(at=Place(BASS, step), text=text, is_below=True)
        for step, text in sorted(below.items())
    ]
    return [*sentences, *numerals]


def _sentence(finding: Finding) -> Mark:
    """Return the mark of a finding, on the note of its upper voice."""
    is_motion = RULES[finding.rule].is_motion and finding.step > 0
    steps = [finding.step - 1, finding.step] if is_motion else [finding.step]
    lines = [finding.rule.replace("-", " "), *textwrap.wrap(finding.message, _WIDTH)]
    return Mark(
        at=Place(finding.voices[0], finding.step),
        text="\n".join(lines),
        color=_RED,
        notes=tuple(Place(voice, step) for voice in finding.voices for step in steps),
    )
