"""Bodies: networks over time, one family a file, and their options.

A *body* maps a sequence of vectors to one vector per step and is causal. It runs over
whole sequences, for training and likelihoods, and step by step with carried memory, for
sampling; both agree. The network around it (`chorale.models.networks.next_step`) is the
same for all bodies. A new body of this package is a function here and an entry in
BODIES. One from outside is registered, see `register_body`.

Importing this loads no Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from chorale.errors import UsageError
from chorale.nn.plugins import add_plugin, plugin_module, plugin_names
from chorale.utils.checks import check_at_least, check_at_most, check_shares
from chorale.utils.options import option

if TYPE_CHECKING:
    from chorale.nn.causal import CausalLayer


class Body(NamedTuple):
    """A module of this package, the function that builds the body, its usual layers."""

    module: str
    function: str
    layers: int


BODIES = {
    "rnn": Body("recurrent", "rnn", 2),
    "lstm": Body("recurrent", "lstm", 2),
    "gru": Body("recurrent", "gru", 2),
    "peephole-lstm": Body("recurrent", "peephole_lstm", 2),
    "conv": Body("convolutional", "conv", 6),
    "conv-gru": Body("convolutional", "conv_gru", 4),
    "simple-wavenet": Body("wavenet", "simple_wavenet", 4),
    "wavenet": Body("wavenet", "wavenet", 7),
    "wavenet-lstm": Body("wavenet", "wavenet_lstm", 4),
    "attention": Body("attention", "attention", 3),
}
# Builds the bodies from outside.
_PLUGIN = Body("plugin_bodies", "plugin_body", 2)


@dataclass(frozen=True, kw_only=True)
class BodyOptions:
    """Options of a body; saved as JSON beside its weights.

    `stacks` repeats a stack of convolutions: the full WaveNet has 3 of 10 layers.
    `layer_norm` is that of Ba, Kiros & Hinton (2016). `body` is one of BODIES, or one
    from outside: then `plugin` is the module that registers it. Options that name a
    plugin, as those of a card, need not find it.
    """

    body: str = "lstm"
    units: int = option(256, "Width of the layers.")
    layers: int = option(
        0, "Recurrent layers, attention blocks, or convolutions a stack; 0 = usual."
    )
    dropout: float = option(0.2, "Dropout between layers, 0 to below 1.")
    stacks: int = option(1, "Stacks of convolutions, each with dilations from 1.")
    kernel_size: int = option(2, "Steps that one convolution sees.")
    heads: int = option(4, "Attention heads, a divisor of the width.")
    window: int = option(128, "Steps that attention looks back, with the present one.")
    recurrent_layers: int = option(0, "LSTM layers below the attention blocks.")
    recurrent_dropout: float = option(
        0.0, "Dropout of the carried state, 0 to below 1."
    )
    layer_norm: bool = option(False, "Layer normalization inside recurrent cells.")
    plugin: str = ""

    def __post_init__(self) -> None:
        if self.body in BODIES:
            object.__setattr__(self, "plugin", "")
        elif not self.plugin:
            object.__setattr__(self, "plugin", _plugin_of(self.body))
        check_at_least(self, units=1, layers=0, stacks=1, kernel_size=2, heads=1)
        check_at_least(self, window=1, recurrent_layers=0)
        # Far beyond what is trained; more asks for all memory, or is damage.
        check_at_most(self, units=1 << 14, layers=256, stacks=64, kernel_size=1 << 12)
        check_at_most(self, heads=1 << 14, window=1 << 16, recurrent_layers=64)
        check_shares(self, "dropout", "recurrent_dropout")
        if self.body == "attention" and self.units % self.heads:
            raise UsageError(
                f"expected heads that divide the {self.units} units, got {self.heads}"
            )
        if self.body == "wavenet-lstm" and self.units < 8:
            raise UsageError(f"expected units of at least 8, got {self.units}")
        if not self.layers:
            entry = BODIES.get(self.body, _PLUGIN)
            object.__setattr__(self, "layers", entry.layers)


def register_body(name: str, build: Callable[[BodyOptions], CausalLayer]) -> None:
    """Register a body from outside, so that a network can be trained with it.

        import chorale, keras
        from chorale.nn.causal import Chain, Residual

        def build(options):
            blocks = []
            for _ in range(options.layers):
                layers = [
                    keras.layers.LayerNormalization(),
                    keras.layers.GRU(options.units),
                    keras.layers.Dropout(options.dropout),
                ]
                blocks.append(Residual(layers))
            return Chain(blocks)

        chorale.register_body("residual-gru", build)

    A file with these lines, residual_gru.py, is a plugin: `chorale train --plugin
    residual_gru --network residual-gru` trains it as any other network. The module
    `chorale.nn.causal` says which layers there are, and how others are made causal.

    Training checks the body once, before it begins (`chorale.nn.plugin_bodies`), and
    the card of the model records where it came from. Running the trained model needs it
    no more. An example, of layers of Keras:

        from chorale.nn.causal import Chain, Residual

        def build(options):
            gru = keras.layers.GRU(options.units)
            return Chain([Residual([keras.layers.LayerNormalization(), gru])])

        chorale.register_body("normalized-gru", build)

    `help(chorale.nn.causal)` says which layers a Chain takes, and how to write others.

    Args:
        name: small letters, digits and hyphens; `NetworkOptions(body=name)` and
            `chorale train --network name` choose the body.
        build: returns a new body for options, whose fields it may use or not: a
            `chorale.nn.causal.CausalLayer`, float (batch, steps, units) → (batch,
            steps, units).

    Raises:
        UsageError: the name is unsuitable, or taken by another module.
    """
    add_plugin(name, build, BODIES)


def build_body(options: BodyOptions) -> CausalLayer:
    """Return a new body: float (batch, steps, units) → (batch, steps, units).

    Raises:
        UsageError: a plugin that is not loaded.
        ModelError: a plugin whose function fails, or returns something else.
    """
    entry = BODIES.get(options.body, _PLUGIN)
    build = getattr(import_module(f"chorale.nn.{entry.module}"), entry.function)
    body: CausalLayer = build(options)
    return body


def _plugin_of(body: str) -> str:
    """Return the module of a body from outside.

    Raises:
        UsageError: there is no such body.
    """
    module = plugin_module(body)
    if module is None:
        known = ", ".join([*BODIES, *plugin_names()])
        raise UsageError(
            f"expected a network out of {known}, got {body!r}; a network of your own "
            "needs --plugin, or in Python chorale.register_body"
        )
    return module
