"""Options of the classifiers of sketches and of their training."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from chorale.errors import UsageError
from chorale.nn.fitting import FitOptions
from chorale.utils.checks import check_at_least, check_at_most, check_shares
from chorale.utils.options import option

# The sizes that each network has, with their defaults.
_SIZES: dict[str, dict[str, Any]] = {
    "conv-lstm": {"units": 160, "layers": 2, "dropout": 0.2},
    "book": {},
}
NETWORKS = tuple(_SIZES)


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """Options of a classifier; saved as JSON with the run and in the card.

    None is replaced by the default of the network. `book` has one shape: its sizes
    are always None, also in old cards that stored others.
    """

    network: str = option("conv-lstm", f"Network: {' or '.join(NETWORKS)}.")
    units: int | None = option(
        None, "Width of a recurrent layer in each direction; default 160."
    )
    layers: int | None = option(None, "Number of recurrent layers; default 2.")
    dropout: float | None = option(
        None, "Dropout before the last layer, 0 to below 1; default 0.2."
    )

    def __post_init__(self) -> None:
        if self.network not in NETWORKS:
            raise UsageError(
                f"expected a network out of {', '.join(NETWORKS)}, got {self.network!r}"
            )
        sizes = _SIZES[self.network]
        for name in ("units", "layers", "dropout"):
            if name not in sizes:
                object.__setattr__(self, name, None)
            elif getattr(self, name) is None:
                object.__setattr__(self, name, sizes[name])
        if sizes:
            check_at_least(self, units=1, layers=1)
            check_at_most(self, units=1 << 14, layers=256)  # as of `BodyOptions`
            check_shares(self, "dropout")

    @property
    def masks_padding(self) -> bool:
        """Whether padding after the end of a drawing changes nothing: not in `book`."""
        return self.network != "book"

    @property
    def sizes(self) -> dict[str, Any]:
        """Sizes of the network by name; none for `book`."""
        return {name: asdict(self)[name] for name in _SIZES[self.network]}


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(FitOptions):
    """Options of the training of a classifier; saved as JSON with the run.

    Attributes:
        base: the classifier whose weights the training begins with, by name or folder
            (`chorale.sketches.fine_tuning`); empty for random weights.
    """

    base: str = ""
    epochs: int = 11
    batch_size: int = 256
    augment: float = option(
        0.6, "Strength of the random distortion of drawings, at least 0; 0 for none."
    )
    weight_decay: float = 0.02
    patience: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least(self, augment=0)
