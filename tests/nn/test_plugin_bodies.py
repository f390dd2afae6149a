"""Bodies from outside: which are accepted, and what is said of those that are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plugged import no_plugins, write_module

import chorale
from chorale.errors import ChoraleError, ModelError, UsageError
from chorale.models.options import NetworkOptions
from chorale.nn import plugin_bodies
from chorale.nn.bodies import BodyOptions, build_body
from chorale.nn.memory import Memory, Ring
from chorale.nn.plugins import import_plugin

pytestmark = pytest.mark.keras


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """Begin without plugins, in a folder where modules are found."""
    with no_plugins(tmp_path):
        yield tmp_path


def options_for(build: Callable[..., Any], **sizes: int) -> BodyOptions:
    """Return the options of a body that is registered here."""
    chorale.register_body("mine", build)
    return NetworkOptions(body="mine", **{"units": 8, **sizes})


def refusal(build: Callable[..., Any]) -> str:
    """Return what is said of a body that is refused."""
    with pytest.raises(ChoraleError) as raised:
        plugin_bodies.check_plugin_body(options_for(build))
    message = str(raised.value)
    assert message.startswith(f"the network 'mine' of the plugin {__name__}: ")
    return message.partition(f"{__name__}: ")[2]


# === Good ones ===


def normalized_gru(options: BodyOptions) -> Any:
    import keras

    from chorale.nn.causal import Chain, Residual

    layers = [keras.layers.LayerNormalization(), keras.layers.GRU(options.units)]
    return Chain([Residual(layers), Residual([keras.layers.Dense(options.units)])])


def running_mean(options: BodyOptions) -> Any:
    """Return the example of `chorale.nn.causal`, with a scale that is learned."""
    from keras import ops

    from chorale.nn.causal import CausalLayer

    class RunningMean(CausalLayer):
        def build(self, *shapes: Any) -> None:
            self.scale = self.add_weight(shape=(options.units,), name="scale")

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            count = ops.arange(1, ops.shape(inputs)[1] + 1)
            mean = ops.cumsum(inputs, 1) / ops.cast(count[:, None], inputs.dtype)
            return self.scale * mean

        def step(self, inputs: Any, memory: Any, position: Any) -> Any:
            total = memory[0] + inputs
            return self.scale * total / ops.cast(position + 1, inputs.dtype), [total]

        def rings(self) -> list[Ring]:
            return [Ring(1, (options.units,))]

    return RunningMean()


def of_this_package(options: BodyOptions) -> Any:
    from chorale.nn.attention import WindowedAttention
    from chorale.nn.causal import CausalConvolution, Chain

    convolution = CausalConvolution(options.units, 3, dilation=2)
    return Chain([convolution, WindowedAttention(options.units, 2, 5, name="look")])


@pytest.mark.parametrize("build", [normalized_gru, running_mean, of_this_package])
def test_good_bodies_are_accepted(build: Callable[..., Any]) -> None:
    plugin_bodies.check_plugin_body(options_for(build))


def test_weights_are_named_alike_whatever_was_built_before() -> None:
    import keras

    options, names = options_for(normalized_gru), []
    for _ in range(2):
        body = build_body(options)
        body(np.zeros((1, 2, 8), "float32"))
        names.append([weight.path for weight in body.weights])
        keras.layers.Dense(3), keras.layers.GRU(3)
    assert names[0] == names[1]
    assert "body/residual_1/dense/dense/kernel" in names[0]


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_recurrent_layers_of_keras_give_their_own_outputs(kind: str) -> None:
    import keras

    from chorale.nn.causal import Chain

    layer = getattr(keras.layers, kind)(5, return_sequences=True, dropout=0.3)
    chain = Chain([layer, keras.layers.Activation("tanh")])
    inputs = np.random.default_rng(0).standard_normal((2, 9, 4)).astype("float32")
    whole = np.asarray(chain(inputs))
    np.testing.assert_allclose(whole, np.tanh(np.asarray(layer(inputs))), atol=1e-6)
    memory = Memory(chain.rings(), 2)
    for step in range(9):
        outputs, entries = chain.step(inputs[:, step], memory.reads, memory.position)
        np.testing.assert_allclose(np.asarray(outputs), whole[:, step], atol=1e-6)
        for own, entry in zip(memory.entries, entries, strict=True):
            own[...] = np.asarray(entry)
        memory.advance()
    trained = np.stack([np.asarray(chain(inputs, training=True)) for _ in range(8)])
    assert np.ptp(trained, axis=0).max() > 1e-4  # dropout


def test_layers_that_see_other_steps_are_refused() -> None:
    from keras import layers

    from chorale.nn.causal import Chain

    for layer, message in (
        (layers.Conv1D(4, 2, padding="causal"), "a Conv1D layer, in a body: write Cau"),
        (layers.MultiHeadAttention(2, 2), "write WindowedAttention of chorale.nn.att"),
        (layers.Bidirectional(layers.GRU(4)), "it sees later steps, so it is not cau"),
        (layers.GRU(4, go_backwards=True), "runs backwards, so it is not causal"),
    ):
        with pytest.raises(UsageError, match=message):
            Chain([layer])


# === Bad ones ===


def test_another_result_is_refused() -> None:
    import keras

    def dense(options: BodyOptions) -> Any:
        return keras.layers.Dense(options.units)

    assert "return a CausalLayer, such as a Chain" in refusal(dense)
    assert "got None" in refusal(lambda options: None)


def test_errors_of_the_user_are_shown_with_their_lines(folder: Path) -> None:
    text = "import chorale\n\ndef build(options):\n    return options.nothing\n\n"
    path = write_module(folder, "slip", text + "chorale.register_body('a', build)\n")
    import_plugin("slip")
    message = f"building it fails: {path}, line 4: AttributeError: .*'nothing'"
    with pytest.raises(ModelError, match=message):
        build_body(NetworkOptions(body="a"))


def test_another_width_is_refused() -> None:
    from keras import layers

    from chorale.nn.causal import Chain

    wide = refusal(lambda options: Chain([layers.Dense(9)]))
    assert "(batch, steps, units) of shape (2, 2, 8), got shape (2, 2, 9)" in wide


def test_a_body_without_weights_is_refused() -> None:
    from keras import layers

    from chorale.nn.causal import Chain

    message = refusal(lambda options: Chain([layers.Dropout(0.5)]))
    assert "no weights, so there is nothing to train" in message


def test_weights_without_names_are_refused() -> None:
    from chorale.nn.causal import CausalLayer

    class Unnamed(CausalLayer):
        def build(self, *shapes: Any) -> None:
            self.scale = self.add_weight(shape=(8,))

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            return self.scale * inputs

        def step(self, inputs: Any, memory: Any, position: Any) -> Any:
            return self.scale * inputs, []

    assert "has another name each time" in refusal(lambda options: Unnamed())


def test_weights_of_one_name_are_refused() -> None:
    from chorale.nn.causal import CausalLayer

    class Twins(CausalLayer):
        def build(self, *shapes: Any) -> None:
            self.one = self.add_weight(shape=(8,), name="scale")
            self.two = self.add_weight(shape=(8,), name="scale")

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            return self.one * inputs + self.two

        def step(self, inputs: Any, memory: Any, position: Any) -> Any:
            return self.one * inputs + self.two, []

    assert "several weights are called body/scale" in refusal(lambda options: Twins())


def test_a_body_that_looks_ahead_is_refused() -> None:
    from keras import layers, ops

    from chorale.nn.causal import Chain, EachStep

    class Ahead(EachStep):
        def call(self, inputs: Any, training: bool | None = None) -> Any:
            outputs = self.layer(inputs)
            return ops.roll(outputs, -1, axis=1)

    message = refusal(lambda options: Chain([Ahead(layers.Dense(8))]))
    assert "it is not causal: the output at step 0 changes with inputs from" in message


def test_a_step_unequal_to_the_sequence_is_refused() -> None:
    from keras import layers

    from chorale.nn.causal import Chain, EachStep, Recurrent

    class Forgetful(Recurrent):
        def step(self, inputs: Any, memory: Any, position: Any) -> Any:
            return super().step(inputs, [0 * each for each in memory], position)

    message = refusal(lambda options: Chain([Forgetful(layers.GRUCell(8))]))
    assert "its step is not equal to the whole sequence: at step 1 the" in message
    causal = refusal(
        lambda options: Chain([EachStep(layers.Conv1D(8, 2, padding="causal"))])
    )
    assert "a convolution, needs a CausalLayer" in causal


@pytest.mark.parametrize(
    ("rings", "message"),
    [
        ([], "its step fails at step 0"),
        ([Ring(1, (8,)), Ring(2, (8,))], "expected its step to return an entry of ea"),
        ([Ring(1, (5,))], "step"),
        ([Ring(1 << 15, (1 << 10,))], "expected a memory of at most 16777216 numbers"),
    ],
)
def test_memory_that_does_not_fit_is_refused(rings: list[Ring], message: str) -> None:
    from keras import layers

    from chorale.nn.causal import Chain, Recurrent

    class Odd(Recurrent):
        def rings(self) -> list[Ring]:
            return rings

    assert message in refusal(lambda options: Chain([Odd(layers.SimpleRNNCell(8))]))


def test_what_cannot_be_stored_is_refused() -> None:
    import tensorflow as tf
    from keras import layers

    from chorale.nn.causal import Chain, EachStep

    class Python(EachStep):
        """A layer that leaves the graph."""

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            outputs = self.layer(inputs)
            same = tf.numpy_function(lambda x: x, [outputs], tf.float32)
            return tf.ensure_shape(same, outputs.shape)

    message = refusal(lambda options: Chain([Python(layers.Dense(8))]))
    assert "it cannot be stored" in message and "PyFunc" in message


def test_an_operation_without_a_form_in_onnx_is_named(
    capfd: pytest.CaptureFixture[str],
) -> None:
    from keras import layers

    from chorale.nn.causal import Chain

    message = refusal(lambda options: Chain([layers.Dense(8, activation="gelu")]))
    assert "its layers use the operation Erfc, which has no form in ONNX" in message
    assert "not supported" not in capfd.readouterr().err


def test_a_notebooks_body_cannot_be_stored_by_another_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def build(options: BodyOptions) -> Any:
        return normalized_gru(options)

    build.__module__ = "__main__"
    options = options_for(build)
    plugin_bodies.check_plugin_body(options)
    monkeypatch.setattr(plugin_bodies, "exports_here", lambda: False)
    with pytest.raises(ModelError, match="write it into a file of its own, and import"):
        plugin_bodies.check_plugin_body(options)
