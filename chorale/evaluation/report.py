"""A judgement as a report of tables and plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chorale.evaluation.judgement import Judgement
from chorale.evaluation.pictures import (
    distances_picture,
    histograms_picture,
    piano_roll_picture,
    rules_picture,
)
from chorale.evaluation.style.features import FEATURES
from chorale.evaluation.style.windows import Window
from chorale.evaluation.tables import judgement_blocks
from chorale.utils.reports import Block, Heading, Picture

_ROLLS = 3  # samples that are shown


def report_blocks(
    judgement: Judgement,
    samples: Sequence[Window],
    title: str,
    settings: Mapping[str, object] | None = None,
) -> list[Block]:
    """Return the blocks of a report with the first three samples as piano rolls.

    Title and settings are those of `judgement_blocks`.
    """
    return [
        *judgement_blocks(judgement, title, settings),
        Heading("Plots"),
        Picture("Distances from train", distances_picture(judgement)),
        Picture("Part-writing", rules_picture(judgement)),
        *(
            Picture(name.replace("_", " "), histograms_picture(judgement, name))
            for name in FEATURES
        ),
        Heading("The first samples"),
        *(
            Picture(
                window.chorale.title or f"sample {number}",
                piano_roll_picture(window.chorale, window.start),
            )
            for number, window in enumerate(samples[:_ROLLS], start=1)
        ),
    ]
