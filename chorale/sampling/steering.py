"""Steering: a critic that weighs the particles of a sampler after every beat.

The weight of each draft is multiplied by the ratio of how often Bach and how often the
model do what it has just done, so that those are continued that write as he does
(twisted sequential Monte Carlo, Zhao et al. 2024; `chorale.models.critic`). A piece in
an unknown key is not steered.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chorale.encoding.plan import Plan
from chorale.models.critic.events import Observer
from chorale.models.critic.tables import Critic
from chorale.utils.arrays import BoolArray, Float64Array, IntArray


class Steering:
    """Adds up what a critic says of the notes of several pieces, beat by beat.

    Rows are particles, as in `NextStepSampler`.

    Args:
        critic: of the model.
        strength: factor of its log ratios.
        plans: of the pieces.
        particles: number of particles of each piece.
    """

    def __init__(
        self, critic: Critic, strength: float, plans: Sequence[Plan], particles: int
    ) -> None:
        self._critic = critic
        self._observer = Observer(plans, particles)
        self._gains = np.zeros(len(plans) * particles)
        has_key = np.array([plan.key is not None for plan in plans])
        self._strengths = strength * np.repeat(has_key, particles)

    def follow(
        self, step: int, notes: IntArray, onsets: BoolArray
    ) -> Float64Array | None:
        """Return what the log weights gain after a step, float array (rows,).

        It is what the critic says of a beat, at its last step, and 0 at other steps.

        Args:
            step: its index; steps come in order from 0.
            notes: int array (rows, 4), MIDI notes that sound, 0 = silence.
            onsets: bool array (rows, 4), attacks.
        """
        for events in self._observer.at_step(step, notes, onsets):
            self._critic.add(self._gains, events)
        ends = self._observer.ends_beat(step)
        if not ends.any():
            return None
        gains = np.where(ends, self._gains, 0.0) * self._strengths
        self._gains[ends] = 0.0
        return gains

    def select(self, rows: IntArray) -> None:
        """Continue each row from another one, int array (rows,)."""
        self._observer.select(rows)
        self._gains = self._gains[rows]
