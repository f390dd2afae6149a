"""Options of training on chorales, for infillers and for next-step networks."""

from __future__ import annotations

from dataclasses import dataclass

from chorale.corpus.folds import Fold
from chorale.encoding.plan import FEATURES
from chorale.encoding.vocabulary import ENCODINGS
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
        base: the model whose weights the training begins with, by name or folder
            (`chorale.training.fine_tuning`); empty for random weights.
    """

    base: str = ""
    plan: tuple[str, ...] = FULL_PLAN
    encoding: str = option(
        "hold", "`hold` distinguishes repeated notes from held ones, `pitch` does not."
    )
    crop: int = option(256, "Sixteenths of a chorale in a batch; 0 = whole pieces.")
    transpose: int = option(
        6,
        "Maximum random transposition in semitones, within the range of each voice; 6 "
        "reaches every key.",
    )
    averaging: float = 0.998
    fold: str = option(
        "",
        "Part of train that is held out and validated instead of valid: 2/5 is the "
        "second fifth. `chorale calibrate` reads such models.",
        advanced=True,
    )
    plan_dropout: float = option(
        0.1,
        "Share of chorales without fermatas, key and metre, as from a classic CSV, so "
        "that the model works without them.",
        advanced=True,
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
        if self.fold:
            Fold.parse(self.fold)
        check_shares(self, "plan_dropout")


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(CommonOptions):
    """Options of the training of a next-step network; saved as JSON with the run.

    Attributes:
        teacher: models for distillation, whose mean distribution is part of the
            targets (`chorale.training.distillation`); none trains on the notes alone.

    `past_dropout` is word dropout (Bowman et al., 2016): the network relies more on the
    longer past and on the plan.
    """

    teacher: tuple[str, ...] = ()
    past_dropout: float = option(
        0.1, "Share of steps that do not see the step before.", advanced=True
    )
    teacher_share: float = option(
        0.7,
        "Weight of the teachers in the targets, 0 to below 1; the rest is that of the "
        "notes.",
        advanced=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_shares(self, "past_dropout", "teacher_share")
