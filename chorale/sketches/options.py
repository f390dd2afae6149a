"""What can be asked of a network for drawings, and of its training."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from chorale.errors import UsageError
from chorale.utils.checks import (
    check_above_zero,
    check_at_least,
    check_seed,
    check_shares,
)

# What shapes each network, and what of it is usual.
_SIZES: dict[str, dict[str, Any]] = {
    "conv-lstm": {"units": 160, "layers": 2, "dropout": 0.2},
    "book": {},
}
NETWORKS = tuple(_SIZES)


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """What shapes a network; saved as JSON with the run and in the card.

    What is left out is replaced by what is usual for the network. `book` has one shape:
    all but its name is None, whatever is given, as in the cards that once told more.

    Attributes:
        network: one of NETWORKS.
        units: width of a recurrent layer, in each direction.
        layers: recurrent layers.
        dropout: share of the summary of a drawing that is dropped in training.
    """

    network: str = "conv-lstm"
    units: int | None = None
    layers: int | None = None
    dropout: float | None = None

    def __post_init__(self) -> None:
        if self.network not in NETWORKS:
            raise UsageError(
                f"expected a network out of {', '.join(NETWORKS)}, got {self.network!r}"
            )
        usual = _SIZES[self.network]
        for name in ("units", "layers", "dropout"):
            if name not in usual:
                object.__setattr__(self, name, None)
            elif getattr(self, name) is None:
                object.__setattr__(self, name, usual[name])
        if usual:
            check_at_least(self, units=1, layers=1)
            check_shares(self, "dropout")

    @property
    def sizes(self) -> dict[str, Any]:
        """What shapes the network, by name; nothing of `book`."""
        return {name: asdict(self)[name] for name in _SIZES[self.network]}


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """How a network is trained; saved as JSON with the run.

    Attributes:
        epochs: how often every drawing is seen at most.
        batch_size: drawings in one step of the optimizer.
        augment: how much drawings are varied, 0 = not at all; see
            `chorale.sketches.augmentation`.
        learning_rate: the highest; it rises over the first twentieth of the steps and
            then falls along a cosine to nothing.
        weight_decay: of AdamW.
        clip_norm: largest norm of the gradient.
        patience: epochs without a better validation after which to stop.
        seed: of all randomness.
    """

    epochs: int = 11
    batch_size: int = 256
    augment: float = 0.6
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    clip_norm: float = 1.0
    patience: int = 5
    seed: int = 0

    def __post_init__(self) -> None:
        check_at_least(self, epochs=1, batch_size=1, patience=1)
        check_at_least(self, augment=0, weight_decay=0)
        check_seed(self.seed)
        check_above_zero(self, "learning_rate", "clip_norm")
