"""Marked scores: a piece with the faults of part-writing and the roman numerals on it.

As a teacher marks an exercise: the notes of a fault are red, a sentence says what is
wrong above the staff of the upper of its voices, numerals and cadences are below the
bass. The notes are those that were checked, spelled as the check spelled them.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chorale.errors import UsageError
from chorale.formats.musicxml.marks import Mark, Place
from chorale.formats.musicxml.writer import write_musicxml
from chorale.music.harmony.analysis import Analysis
from chorale.music.score import Chorale
from chorale.music.voices import BASS
from chorale.utils.arrays import IntArray
from chorale.utils.checks import check_choice
from chorale.utils.saving import Saved, drafts, save_numbered
from chorale.voice_leading.checking import Finding
from chorale.voice_leading.piece import Piece
from chorale.voice_leading.rules import RULES

FORMATS = ("musicxml",)
_ENDING = ".musicxml"
_RED = "#B00020"
_WIDTH = 32  # letters in a line of a sentence: about half a bar of four quarters


@dataclass(frozen=True, kw_only=True)
class MarkedScore:
    """A piece to write with its marks.

    Attributes:
        source: the file that was checked.
        chorale: the piece.
        spelling: as it was checked, int array (steps, 4); None: the checker spelled it.
        findings: of the check.
        analysis: of the piece.
    """

    source: Path
    chorale: Chorale
    spelling: IntArray | None
    findings: Sequence[Finding]
    analysis: Analysis


def check_format(name: str) -> None:
    """Raise a UsageError unless marked scores are written in a format of the name."""
    try:
        check_choice("--format", name, FORMATS)
    except UsageError as error:
        raise UsageError(
            f"{error}: a marked score; --from says what a file to read is"
        ) from None


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


def write_marked(score: MarkedScore, path: Path) -> None:
    """Write a marked score.

    Raises:
        OutputError: the file cannot be written.
    """
    chorale = score.chorale
    spelling = Piece(chorale, score.spelling).spelling
    found = marks(chorale, score.findings, score.analysis)
    write_musicxml(chorale, path, spelling=spelling, marks=found)


def save_marked(
    scores: Sequence[MarkedScore], folder: Path, *, overwrite: bool
) -> list[tuple[Path, Saved]]:
    """Write marked scores to a folder, named after the files that were checked.

    Of `exercise.mid` the score is `exercise-checked.musicxml`; names that are taken get
    a number, unless they are to be overwritten, as do those of files of the same name.

    Returns:
        For each score the draft, which has the usual name, and where it is now.

    Raises:
        OutputError: a file cannot be written.
    """
    saved = []
    names: Counter[str] = Counter()
    for score in scores:
        name = f"{score.source.stem}-checked"
        names[name] += 1
        if names[name] > 1:
            name += f"-{names[name]}"
        with drafts(folder) as hidden:
            draft = hidden / f"{name}{_ENDING}"
            write_marked(score, draft)
            saved.append((draft, save_numbered([draft], folder, overwrite=overwrite)))
    return saved
