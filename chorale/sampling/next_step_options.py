"""Options of samples from a next-step predictor, and how many particles they take."""

from __future__ import annotations

from dataclasses import dataclass

from chorale.sampling.logits import DrawingOptions
from chorale.sampling.note_costs import USUAL_RANGES
from chorale.utils.checks import check_at_least

# Particles of each fragment, unless options say otherwise.
PARTICLES = 8
# Where chords are planned: language models, asked to grade as strict teachers and not
# knowing the numbers, gave eleven folk songs 3.3 of 5 with 16 and 3.1 with 8.
PLANNED_PARTICLES = 16


@dataclass(frozen=True, kw_only=True)
class SamplingOptions(DrawingOptions):
    """Options of samples from a next-step predictor.

    Attributes:
        temperature: as above, 0.8 unless given: what the critic selects is then closest
            to Bach.
        guidance: weight of classifier-free guidance by the key of the plan in the last
            bars and, with less weight, before fermatas, see
            `chorale.models.guidance`; 0, or planned chords, sample the model without
            it.
        critic: strength of the critic of the model, which weighs the particles after
            every beat, see `chorale.sampling.steering`; 0, or a model without one,
            samples without it, and without the keys of phrase ends that are drawn
            otherwise, see `chorale.sampling.cadence_keys`.
        style: weight of all that each phrase costs, where there is a critic, see
            `chorale.sampling.phrase_costs`; 0 for none.
        usual_ranges: lowest and highest MIDI note of each voice, soprano first. Notes
            outside cost what the rule `range` makes them cost.
        foreign: pitch classes that are drawn less often, but for leading tones near the
            ends of phrases, see `chorale.sampling.note_costs`.
        particles: number of particles for each fragment, see
            `chorale.sampling.particles`; with 1 the notes do not depend on given notes
            after them. None takes the default of the task: PARTICLES, where chords are
            planned PLANNED_PARTICLES, unless its documentation says otherwise.

    Raises:
        UsageError: a value out of bounds.
    """

    temperature: float = 0.8
    guidance: float = 2.5
    critic: float = 2.0
    style: float = 1.0
    usual_ranges: tuple[tuple[int, int], ...] = USUAL_RANGES
    foreign: tuple[int, ...] = ()
    particles: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least(self, guidance=0, critic=0, style=0)
        if self.particles is not None:
            check_at_least(self, particles=1)
