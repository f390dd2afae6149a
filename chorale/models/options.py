"""Options of next-step networks and of infilling networks.

Importing this loads no Keras.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from chorale.errors import UsageError
from chorale.nn.bodies import BodyOptions
from chorale.utils.checks import check_at_least, check_at_most, check_shares
from chorale.utils.options import option


class Kind(NamedTuple):
    """Where a network is: a module of `chorale.nn.bodies`, its class; and what is
    usual.

    Attributes:
        module, name: of the class.
        units, layers: that are usual.
        options: names of the options that it has a use for.
    """

    module: str
    name: str
    units: int
    layers: int
    options: tuple[str, ...]


INFILLERS = {
    "coconet": Kind("coconet", "Coconet", 64, 16, ("units", "layers")),
    "counterpoint": Kind(
        *("counterpoint", "Counterpoint", 144, 2),
        (
            *("units", "layers", "recurrent_layers", "heads", "window"),
            *("voice_units", "dropout", "input_dropout"),
        ),
    ),
}


@dataclass(frozen=True, kw_only=True)
class InfillerOptions:
    """Options of an infilling network; saved as JSON beside its weights.

    Attributes:
        network: one of INFILLERS.
        units: filters of the convolutions, or width of the layers; 0 for the default of
            the network.
        layers: convolutions, or attention blocks; 0 for the default. The paper's
            Coconet has 64 layers of 128 filters.
        recurrent_layers: bidirectional LSTM layers below the attention blocks.
        heads: attention heads; twice their number divides `units`.
        window: largest distance in steps that attention distinguishes.
        voice_units: width of the layers that write the voices.
        dropout: share of activations dropped between layers, 0 to below 1.
        input_dropout: share of cells, intervals and plan features hidden from the
            network, each at each step by itself, 0 to below 1.
    """

    network: str = "counterpoint"
    units: int = 0
    layers: int = 0
    recurrent_layers: int = 1
    heads: int = 4
    window: int = 128
    voice_units: int = 96
    dropout: float = 0.1
    input_dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.network not in INFILLERS:
            raise UsageError(
                f"expected a network out of {', '.join(INFILLERS)}, "
                f"got {self.network!r}"
            )
        check_at_least(self, units=0, layers=0, recurrent_layers=0, heads=1, window=1)
        check_at_least(self, voice_units=1)
        # As of `BodyOptions`.
        check_at_most(self, units=1 << 14, layers=256, recurrent_layers=64)
        check_at_most(self, heads=1 << 14, window=1 << 16, voice_units=1 << 14)
        check_shares(self, "dropout", "input_dropout")
        kind = INFILLERS[self.network]
        for name in ("units", "layers"):
            if not getattr(self, name):
                object.__setattr__(self, name, getattr(kind, name))
        if "heads" in kind.options and self.units % (2 * self.heads):
            raise UsageError(
                f"expected units that are a multiple of twice the {self.heads} heads, "
                f"got {self.units}"
            )
        if self.network == "coconet" and (self.layers < 4 or self.layers % 2):
            raise UsageError(
                f"expected an even number of layers of at least 4, got {self.layers}"
            )


@dataclass(frozen=True, kw_only=True)
class NetworkOptions(BodyOptions):
    """Options of a next-step network: those of its body and of its voice heads.

    `motions`, `echoes` and `tunes` are cues of the voice heads: see
    `chorale.models.networks.motions`, `chorale.encoding.echoes` and `.tunes`.
    `unlikelihood` is a loss on parallel fifths, octaves and unisons
    (`chorale.models.networks.voice_heads`).
    """

    voice_units: int = option(192, "Width of the voice heads.")
    input_dropout: float = option(
        0.0, "Share of input features hidden, each at each step, 0 to below 1."
    )
    intervals: bool = option(
        True, "Voice heads read and write notes as intervals too.", advanced=True
    )
    motions: bool = option(
        True, "Voice heads score each class of relative motion.", advanced=True
    )
    echoes: bool = option(
        True, "Voice heads see what followed the last time.", advanced=True
    )
    tunes: bool = option(
        False,
        "Voice heads see how the melody went on in pieces of train; likelihoods of "
        "these pieces then mean little.",
        advanced=True,
    )
    unlikelihood: float = option(
        0.0, "Weight of a loss on parallels, at least 0.", advanced=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least(self, voice_units=1, unlikelihood=0)
        check_at_most(self, voice_units=1 << 14)
        check_shares(self, "input_dropout")
