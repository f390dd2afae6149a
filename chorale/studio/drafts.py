"""Drafts: what an action of the studio draws, and the best of them as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chorale.evaluation.style.cadences import final_cadence
from chorale.music.score import Chorale
from chorale.sampling.best_of import Choice, Judge, choose_if_judged
from chorale.sampling.rewriting import sentence_of
from chorale.sampling.variations import Rewritten
from chorale.studio.model_cache import judge_of
from chorale.studio.piece_json import cells_to_json, to_json
from chorale.studio.shared_types import JsonObject
from chorale.utils.arrays import BoolArray
from chorale.utils.progress import Progress
from chorale.voice_leading.checking import check as find_faults


@dataclass(frozen=True, kw_only=True)
class Drafts:
    """What was drawn, and what has to be known to choose from it.

    Attributes:
        written: bool array (steps, 4), the cells that the model wrote.
        drawn: `best_of` chorales for each variation; none if `rewritten` has them.
        rewritten: the variations of a passage, which are chosen while they are drawn.
        load_judge: opens the judge.
        opening, semitones: see `Judge.rank`.
        has_end: whether the model wrote how the piece ends.
        remarks: sentences.
    """

    written: BoolArray
    drawn: Sequence[Chorale] = ()
    rewritten: Sequence[Rewritten] = ()
    load_judge: Callable[[], Judge] = judge_of
    opening: int = 0
    semitones: int = 0
    has_end: bool = True
    remarks: tuple[str, ...] = ()

    def choices(self, best_of: int) -> tuple[list[Choice], tuple[str, ...]]:
        """Return the best piece for each variation, and sentences about the choice."""
        if self.rewritten:
            return [each.choice for each in self.rewritten], ()
        return choose_if_judged(
            self.drawn,
            best_of,
            self.load_judge,
            opening=self.opening,
            semitones=self.semitones,
        )


def finish(
    draw: Callable[[Progress], Drafts], values: Mapping[str, Any], progress: Progress
) -> JsonObject:
    """Draw pieces, and return the best for each variation.

    Args:
        draw: draws them, with a progress callback.
        values: parameters of the action by name.
        progress: see `draw`.

    Returns:
        See `chorale.studio.actions.prepare`.
    """
    drafts = draw(progress)
    best_of = values["best_of"]
    choices, remarks = drafts.choices(best_of)
    if drafts.has_end and best_of > 1:
        ends_open = sum(not choice.ends_well for choice in choices)
        if ends_open:
            which = "" if len(choices) == 1 else f" for {ends_open} of {len(choices)}"
            remarks += (
                f"the best of {best_of} drafts does not end on a cadence in the home "
                f"key{which}: another random state may give one that does",
            )
    written = cells_to_json(drafts.written)
    variations: list[JsonObject] = [
        {
            "piece": to_json(choice.chorale),
            "written": written,
            "complete_cadence": final_cadence(choice.chorale).complete,
            "findings": len(find_faults(choice.chorale)),
        }
        for choice in choices
    ]
    for variation, each in zip(variations, drafts.rewritten, strict=False):
        message = sentence_of(each, values["distance"])
        variation |= {"changed": each.changed, "message": message}
    return {
        "variations": variations,
        "remarks": [*drafts.remarks, *remarks],
    }
