"""Files of marked scores, see `chorale.evaluation.marked_scores`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chorale.errors import UsageError
from chorale.evaluation.marked_scores import ENDING, marked_name, write_marked
from chorale.music.harmony.analysis import Analysis
from chorale.music.score import Chorale
from chorale.utils.arrays import IntArray
from chorale.utils.checks import check_choice
from chorale.utils.saving import Saved, drafts, save_numbered
from chorale.voice_leading.checking import Finding

FORMATS = ("musicxml",)


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
        name = marked_name(score.source.stem)
        names[name] += 1
        if names[name] > 1:
            name += f"-{names[name]}"
        with drafts(folder) as hidden:
            draft = hidden / f"{name}{ENDING}"
            write_marked(
                score.chorale,
                draft,
                score.findings,
                score.analysis,
                spelling=score.spelling,
            )
            saved.append((draft, save_numbered([draft], folder, overwrite=overwrite)))
    return saved
