"""Trained models of chorales: a folder with a card, weights, and ONNX graphs.

    card.json      kind, options, training data, figures, SHA-256 of the other files
    weights.npz    every weight by name, in half precision
    tunes.npz      the melodies that the model knows, if it was trained with them
    critic.npz     the critic that steers it while it writes, if one was fitted

and the graphs, which hold no weights. A next-step model has

    step.onnx  sequence.onnx       the body
    soprano.onnx …                 the head of each voice

and an infiller

    infill.onnx

Models are named by a word, if they are bundled, by their folder, or by the run that
made them. Running one in ONNX Runtime needs no TensorFlow. Hashes are for damage, not
for malice: a graph made to do harm can abort the process, so open models of people you
trust.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, overload

from chorale.encoding.cells import CellVocabulary
from chorale.encoding.plan import FEATURES
from chorale.encoding.tokens import Vocabulary
from chorale.encoding.tunes import NO_TUNES, Tunes
from chorale.errors import ModelError, UsageError
from chorale.models.calibration.tables import Calibration
from chorale.models.critic.tables import Critic
from chorale.models.infiller import GRAPH_FILE, KerasInfiller, OnnxInfiller
from chorale.models.next_step import KerasPredictor, NetworkPredictor
from chorale.models.onnx_next_step import OnnxPredictor
from chorale.models.options import InfillerOptions, NetworkOptions
from chorale.music.voices import VOICE_NAMES, VOICE_ORDER
from chorale.nn.cards import WEIGHTS_FILE, BaseCard, ModelRegistry
from chorale.nn.memory import LARGEST_MEMORY, Ring, memory_size
from chorale.utils.checks import check_types
from chorale.utils.extras import require_keras
from chorale.utils.files import check_files, load_arrays, replacing, save_arrays, sha256

if TYPE_CHECKING:
    from chorale.models.networks.infilling import InfillingNetwork
    from chorale.models.networks.next_step import NextStepNetwork

NEXT_STEP: Literal["next-step"] = "next-step"
INFILLER: Literal["infiller"] = "infiller"
DEFAULT_MODEL = "bach"
BACKENDS = ("onnx", "keras")
TUNES_FILE = "tunes.npz"
CRITIC_FILE = "critic.npz"
CALIBRATION_FILE = "calibration.npz"
GRAPH_FILES = ("step.onnx", "sequence.onnx", *(f"{name}.onnx" for name in VOICE_NAMES))


@dataclass(frozen=True, kw_only=True)
class Card(BaseCard):
    """Metadata of a trained model of chorales.

    Attributes:
        kind: "next-step" or "infiller".
        name: of the model.
        figures: likelihoods of the stored weights, by split.
        network: options of the network.
        vocabulary: meaning of its tokens or cells.
        plan_features: its conditioning features (`chorale.encoding.plan`).
        voice_order: order in which a next-step model writes the voices of a step.
        memory: ring buffers of a next-step model that is run step by step.
        training: options of the training.
        data: the corpus, the SHA-256 of each file that was read by the training, its
            teachers or its base, the files that were held out of a corpus without a
            valid split, the pieces of valid that are in train too, with the share of
            each, the SHA-256 of the weights of teachers and base, and where a network
            from outside came from (`chorale.nn.plugins.Plugin.origin`).
        command: command line that makes the model again.
        versions: of the libraries that trained it.
        files: SHA-256 of the other files of the folder.
        critic: what its critic was fitted on, and the command line that makes it again;
            empty without one.
        calibration: the same of its calibration.
    """

    kinds: ClassVar[tuple[str, ...]] = (NEXT_STEP, INFILLER)
    noun: ClassVar[str] = "model"
    network: NetworkOptions | InfillerOptions
    vocabulary: Vocabulary | CellVocabulary
    plan_features: tuple[str, ...]
    voice_order: tuple[int, ...] = ()
    memory: tuple[Ring, ...] = ()
    training: Mapping[str, Any]
    data: Mapping[str, Any]
    command: str
    versions: Mapping[str, str]
    files: Mapping[str, str]
    critic: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def decoded(cls, values: dict[str, Any]) -> dict[str, Any]:
        # Cards of version 0.10.1 have no kind: only infillers name their network.
        has_name = "network" in values["network"]
        kind = values.setdefault("kind", INFILLER if has_name else NEXT_STEP)
        if kind == INFILLER:
            values["network"] = InfillerOptions(**values["network"])
            values["vocabulary"] = CellVocabulary.from_json(values["vocabulary"])
        else:
            values["network"] = NetworkOptions(**values["network"])
            values["vocabulary"] = Vocabulary.from_json(values["vocabulary"])
            if tuple(values["voice_order"]) != VOICE_ORDER:
                raise ModelError(f"expected the voice order {VOICE_ORDER} in the card")
        for name in ("plan_features", "voice_order"):
            values[name] = tuple(values.get(name, ()))
        values["memory"] = _rings(values)
        if not values["plan_features"]:
            raise ModelError("expected at least one feature of a plan, got none")
        unknown = [name for name in values["plan_features"] if name not in FEATURES]
        if unknown:
            raise ModelError(f"expected features of a plan, got {unknown[0]!r}")
        return values


def _rings(values: dict[str, Any]) -> tuple[Ring, ...]:
    """Return the memory that the values of a card describe.

    The graphs of version 0.13 and before return the whole of their memory from each
    step: it is the one entry of a ring.
    """
    rings = [Ring(1, tuple(shape)) for shape in values.pop("memory_shapes", ())]
    for ring in values.get("memory", ()):
        shape, lags = tuple(ring["shape"]), tuple(ring["lags"])
        rings.append(Ring(ring["length"], shape, lags))
    for ring in rings:
        check_types(ring)
    if memory_size(rings) > LARGEST_MEMORY:
        raise ModelError(f"expected a memory of at most {LARGEST_MEMORY} numbers")
    return tuple(rings)


_REGISTRY = ModelRegistry((DEFAULT_MODEL, "jsb", "counterpoint"), Card, "chorale train")
find_model = _REGISTRY.find
list_models = _REGISTRY.cards
listed_models = _REGISTRY.listed
load_card = _REGISTRY.load_card


@overload
def load_model(
    name: Path | str | None = None,
    *,
    backend: str = "onnx",
    kind: Literal["next-step"],
    without: Collection[str] = (),
) -> NetworkPredictor: ...


@overload
def load_model(
    name: Path | str | None = None,
    *,
    backend: str = "onnx",
    kind: Literal["infiller"],
    without: Collection[str] = (),
) -> OnnxInfiller | KerasInfiller: ...


@overload
def load_model(
    name: Path | str | None = None,
    *,
    backend: str = "onnx",
    kind: None = None,
    without: Collection[str] = (),
) -> NetworkPredictor | OnnxInfiller | KerasInfiller: ...


def load_model(
    name: Path | str | None = None,
    *,
    backend: str = "onnx",
    kind: str | None = None,
    without: Collection[str] = (),
) -> NetworkPredictor | OnnxInfiller | KerasInfiller:
    """Open a trained model.

    Nothing that a model names is imported: with Keras, the plugin of a network from
    outside must be loaded before (`chorale.nn.plugins`).

    Args:
        name: a bundled model, or the folder of a model or of a run, as in `find_model`;
            None for the default model.
        backend: `onnx` for ONNX Runtime; `keras` needs the extra [train].
        kind: the kind that is needed, "next-step" or "infiller"; None for either.
        without: files beside the network that are not read, CRITIC_FILE or
            CALIBRATION_FILE, such as one that is to be made again.

    Returns:
        A predictor for a next-step model, an infiller for an infiller.

    Raises:
        UsageError: no such model or backend, a model of the other kind, or, with Keras,
            a plugin that is not loaded.
        ModelError: a file is missing, damaged, or not the one that the card describes.
    """
    if backend not in BACKENDS:
        raise UsageError(
            f"expected a backend out of {', '.join(BACKENDS)}, got {backend!r}"
        )
    folder = find_model(name)
    card = Card.read(folder)
    if kind not in (None, card.kind):
        use = "harmonize, rewrite, evaluate and judge --given soprano take infillers"
        hint = use if kind == NEXT_STEP else "counterpoint is one"
        raise UsageError(
            f"expected a model of kind {kind}, got {name} of kind {card.kind}: {hint}"
        )
    if backend == "keras":
        require_keras("the Keras backend")
    if card.kind == INFILLER:
        return _load_infiller(folder, card, backend)
    predictor = _load_predictor(folder, card, backend)
    if card.critic and CRITIC_FILE not in without:
        check_files(folder, (CRITIC_FILE,), card.files)
        predictor.critic = Critic.load(folder / CRITIC_FILE)
    if card.calibration and CALIBRATION_FILE not in without:
        check_files(folder, (CALIBRATION_FILE,), card.files)
        predictor.calibration = Calibration.load(folder / CALIBRATION_FILE)
    return predictor


def _load_predictor(folder: Path, card: Card, backend: str) -> NetworkPredictor:
    options, vocabulary = card.network, card.vocabulary
    assert isinstance(options, NetworkOptions) and isinstance(vocabulary, Vocabulary)
    tunes_files = (TUNES_FILE,) if options.tunes else ()
    check_files(folder, (WEIGHTS_FILE, *GRAPH_FILES, *tunes_files), card.files)
    weights = load_arrays(folder / WEIGHTS_FILE)
    tunes = Tunes.load(folder / TUNES_FILE) if options.tunes else NO_TUNES
    if backend == "onnx":
        return OnnxPredictor(
            folder,
            weights,
            vocabulary,
            card.plan_features,
            card.memory,
            options.units,
            tunes,
        )
    from chorale.models.networks.next_step import NextStepNetwork
    from chorale.nn.weights import assign_weights

    network = NextStepNetwork(options, vocabulary, card.plan_features)
    assign_weights(network, weights)
    return KerasPredictor(network, tunes)


def _load_infiller(
    folder: Path, card: Card, backend: str
) -> OnnxInfiller | KerasInfiller:
    options, vocabulary = card.network, card.vocabulary
    assert isinstance(options, InfillerOptions)
    assert isinstance(vocabulary, CellVocabulary)
    check_files(folder, (WEIGHTS_FILE, GRAPH_FILE), card.files)
    weights = load_arrays(folder / WEIGHTS_FILE)
    if backend == "onnx":
        return OnnxInfiller(folder, weights, vocabulary, card.plan_features)
    from chorale.models.networks.infilling import build_infiller
    from chorale.nn.weights import assign_weights

    network = build_infiller(options, vocabulary, card.plan_features)
    assign_weights(network, weights)
    return KerasInfiller(network)


def save_model(
    network: NextStepNetwork | InfillingNetwork,
    card: Card,
    folder: Path,
    tunes: Tunes = NO_TUNES,
) -> Card:
    """Store a network in half precision, with its graphs and its card.

    Args:
        network: its weights are rounded to half precision, so that later measurements
            are those of the stored weights.
        card: without `files`, which are filled in.
        folder: created if missing.
        tunes: the melodies that the network knows, if any.

    Returns:
        The card as it was written.
    """
    from chorale.nn.weights import round_weights

    save_arrays(folder / WEIGHTS_FILE, round_weights(network), compress=True)
    files = [WEIGHTS_FILE, *_save_graphs(network, folder)]
    if isinstance(card.network, NetworkOptions) and card.network.tunes:
        tunes.save(folder / TUNES_FILE)
        files.append(TUNES_FILE)
    card = replace(card, files={name: sha256(folder / name) for name in files})
    card.write(folder)
    return card


def save_critic(critic: Critic, record: Mapping[str, Any], folder: Path) -> Card:
    """Store a critic beside the model that it steers.

    Args:
        critic: of the model.
        record: what it was fitted on, and how, see `Card.critic`.
        folder: of the model.

    Returns:
        The card as it was written.
    """
    critic.save(folder / CRITIC_FILE)
    return _with_file(folder, CRITIC_FILE, critic=record)


def save_calibration(
    calibration: Calibration,
    record: Mapping[str, Any],
    figures: Mapping[str, Any],
    folder: Path,
) -> Card:
    """Store a calibration beside its model.

    Args:
        calibration: of the model.
        record: what it was fitted on, and how, see `Card.calibration`.
        figures: likelihoods of the calibrated model, see `Card.figures`.
        folder: of the model.

    Returns:
        The card as it was written.
    """
    calibration.save(folder / CALIBRATION_FILE)
    return _with_file(folder, CALIBRATION_FILE, calibration=record, figures=figures)


def _with_file(folder: Path, name: str, **fields: Any) -> Card:
    """Write the card of a model with a new file and fields, and return it."""
    card = Card.read(folder)
    files = {**card.files, name: sha256(folder / name)}
    card = replace(card, files=files, **fields)
    card.write(folder)
    return card


def export_again(folder: Path) -> Card:
    """Write the graphs of a stored model again, from its weights, and its card.

    Raises:
        ModelError: a file is missing, damaged, or not the one that the card describes.
    """
    model, card = load_model(folder, backend="keras"), Card.read(folder)
    assert isinstance(model, KerasPredictor | KerasInfiller)
    names = _save_graphs(model.network, folder)
    files = {**card.files, **{name: sha256(folder / name) for name in names}}
    memory = model.rings if isinstance(model, KerasPredictor) else ()
    card = replace(card, files=files, memory=memory)
    card.write(folder)
    return card


def _save_graphs(
    network: NextStepNetwork | InfillingNetwork, folder: Path
) -> list[str]:
    """Write the graphs of a network, and return the names of their files."""
    from chorale.models.networks.exporting import export_graphs
    from chorale.models.networks.infilling import InfillingNetwork, export_infiller

    if isinstance(network, InfillingNetwork):
        graphs: Mapping[str, bytes] = {GRAPH_FILE: export_infiller(network)}
    else:
        graphs = export_graphs(network)
    for name, graph in graphs.items():
        with replacing(folder / name) as temporary:
            temporary.write_bytes(graph)
    return list(graphs)
