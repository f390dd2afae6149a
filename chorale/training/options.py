"""Options of training on chorales, for infillers and for next-step networks."""

from __future__ import annotations

from dataclasses import dataclass

from chorale.encoding.plan import FEATURES
from chorale.encoding.tokens import ENCODINGS
from chorale.errors import UsageError
from chorale.nn.fitting import FitOptions
from chorale.utils.checks import check_at_least, check_shares
from chorale.utils.options import option

# Everything known about a piece before its notes; a classic CSV has `step` only.
FULL_PLAN = ("position", "bar_length", "fermata", "to_fermata", "to_end", "key")


@dataclass(frozen=True, kw_only=True)
class CommonOptions(FitOptions):
    """Options of the training of an infiller; saved as JSON with the run.

    Attributes:
        plan: conditioning features of the network (`chorale.encoding.plan`).
    """

    plan: tuple[str, ...] = FULL_PLAN
    encoding: str = option(
        "hold",
        "`hold` distinguishes a repeated note from a held one, `pitch` does not; "
        "published likelihoods are of `pitch`.",
        "Training",
    )
    crop: int = option(
        256,
        "Sixteenths of a chorale in a batch, from a random place; 0 for whole pieces.",
        "Training",
    )
    transpose: int = option(
        6,
        "Maximum random transposition in semitones, as far as each voice stays in its "
        "range; 6 reaches every key.",
        "Training",
    )
    averaging: float = 0.998
    plan_dropout: float = option(
        0.1,
        "Share of chorales without fermatas and key and with bars of 4/4, as from a "
        "classic CSV, so that the model works without them; 0 to below 1.",
        "Advanced",
    )

    def __post_init__(self) -> None:
        if self.encoding not in ENCODINGS:
            raise UsageError(
                f"expected an encoding out of {', '.join(ENCODINGS)}, "
                f"got {self.encoding!r}"
            )
        unknown = [name for name in self.plan if name not in FEATURES]
        if unknown or not self.plan:
            raise UsageError(
                f"expected plan features out of {', '.join(FEATURES)}, "
                f"got {', '.join(unknown) or 'none'}"
            )
        super().__post_init__()
        check_at_least(self, crop=0, transpose=0)
        check_shares(self, "plan_dropout")


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(CommonOptions):
    """Options of the training of a next-step network; saved as JSON with the run.

    Attributes:
        teacher: models for distillation, whose mean distribution is part of the
            targets (`chorale.training.distillation`); none trains on the notes alone.
    """

    teacher: tuple[str, ...] = ()
    past_dropout: float = option(
        0.1,
        "Share of steps at which the network does not see the step before (word "
        "dropout, Bowman et al., 2016), so that it relies on the longer past and the "
        "plan; 0 to below 1.",
        "Advanced",
    )
    teacher_share: float = option(
        0.7,
        "Weight of the teachers' distribution in the targets, 0 to below 1; the rest "
        "is the weight of the notes (Hinton, Vinyals & Dean, 2015).",
        "Advanced",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_shares(self, "past_dropout", "teacher_share")
