"""Options of the networks: those that write the next step, and those that infill.

Importing this loads no Keras: the command line lists the networks by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from chorale.errors import UsageError
from chorale.nn.bodies import BodyOptions
from chorale.utils.checks import check_at_least, check_shares


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
    """Everything that shapes an infilling network; saved as JSON beside its weights.

    Attributes:
        network: one of INFILLERS.
        units: filters of the convolutions, or width of the layers; 0 is replaced by
            what is usual for the network.
        layers: convolutions, or attention blocks; 0 as for units. The paper's Coconet
            has 64 layers of 128 filters.
        recurrent_layers: LSTM layers in both directions under the attention blocks.
        heads: attention heads; they divide `units`.
        window: steps apart up to which attention tells distances.
        voice_units: width of the layers that write the voices.
        dropout: share of activations dropped between layers, 0 to below 1.
        input_dropout: share of the cells, intervals and features of the plan that the
            network is not told, each at each step by itself.
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
    """Options of a next-step network: its body's, and those of what surrounds it.

    Attributes:
        input_dropout: share of the notes, intervals and features of the plan that the
            network is not told, each at each step by itself.
        voice_units: width of the voice heads.
        intervals: whether the voice heads see and write notes as intervals too.
        motions: whether they weigh each way of moving against another voice
            (`chorale.models.networks.motions`).
        unlikelihood: what parallel fifths, octaves and unisons cost in training, beside
            the notes themselves (`chorale.models.networks.voice_heads`).
        echoes: whether they are told what came next the last time
            (`chorale.encoding.echoes`).
        tunes: whether they are told how the melody went on in the pieces that the
            network learns from (`chorale.encoding.tunes`). Afterwards it recalls those
            pieces too, so their likelihoods say little.
    """

    input_dropout: float = 0.0
    voice_units: int = 192
    intervals: bool = True
    motions: bool = True
    unlikelihood: float = 0.0
    echoes: bool = True
    tunes: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least(self, voice_units=1, unlikelihood=0)
        check_shares(self, "input_dropout")
