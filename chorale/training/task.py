"""What the training tasks of next-step networks and of infillers have in common."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar, Generic, TypeVar

from chorale.corpus.folds import Fold, hold_out_fold
from chorale.corpus.held_out import held_out_files
from chorale.corpus.loading import Corpus, split_corpus
from chorale.encoding.cells import CellVocabulary
from chorale.encoding.tokens import Vocabulary
from chorale.evaluation.copying import near_duplicates
from chorale.evaluation.likelihood import Likelihood
from chorale.evaluation.orderless import OrderlessLikelihood
from chorale.models.options import InfillerOptions, NetworkOptions
from chorale.models.storage import Card
from chorale.nn.fitting import adamw
from chorale.nn.provenance import models_read, without_folders
from chorale.nn.runs import Row
from chorale.nn.trainer import Task
from chorale.training.fine_tuning import assign_base, base_card
from chorale.training.options import CommonOptions

MONITOR = "valid_nats_per_note"
VocabularyT = TypeVar("VocabularyT", Vocabulary, CellVocabulary)


class ChoraleTask(Task[Card], Generic[VocabularyT]):
    """A network to train on a corpus of chorales.

    Args:
        corpus: its train split is learned, its valid split chooses the best epoch; of a
            flat corpus a tenth is held out.
        network_options, options: of the network and of its training.

    Raises:
        DataError: the train split is empty, or a voice never sounds.
        UsageError: there is no such base, or the options are not those of its network.
    """

    monitor = MONITOR
    card_class = Card
    kind: ClassVar[str]
    vocabulary_class: type[VocabularyT]
    network_options: NetworkOptions | InfillerOptions
    options: CommonOptions

    def __init__(
        self,
        corpus: Corpus,
        network_options: NetworkOptions | InfillerOptions,
        options: CommonOptions,
    ) -> None:
        self.network_options, self.options = network_options, options
        self.corpus = corpus
        if options.fold:
            self.corpus = hold_out_fold(corpus, Fold.parse(options.fold))
        self.learned, self.validated, _ = split_corpus(self.corpus)
        # With the notes of valid: an import splits pieces at random, and a piece with
        # the highest note of all would else end the training.
        self.vocabulary: VocabularyT = self.vocabulary_class.of_ranges(
            corpus.ranges(), options.encoding
        )
        self.base: Card | None = None
        if options.base:
            self.base = base_card(options.base, network_options, options)
            known: Any = self.base.vocabulary
            self.vocabulary = known.union(self.vocabulary)

    @property
    def examples(self) -> int:
        return len(self.learned)

    def provenance(self) -> dict[str, Any]:
        """Return the hashes of the corpus, and of the base with what it has read."""
        files = dict(sorted(self.corpus.hashes.items()))
        data: dict[str, Any] = {"corpus": self.corpus.path.name, "files": files}
        if self.base is not None:
            held_out = {
                *self.corpus.files.get("valid", ()),
                *held_out_files(self.corpus, self.validated),
            }
            data |= models_read("base", {self.options.base: self.base}, data, held_out)
        return data

    def begin_with_base(self, network: Any) -> None:
        """Give a new network the weights of the base, if there is one."""
        if self.base is not None:
            assign_base(network, self.options.base)

    def compile(self, network: Any, loss: Any) -> None:
        """Compile a network with AdamW and the weighted mean of a Keras loss class."""
        optimizer = adamw(self.options, self.batches_per_epoch)
        network.compile(
            optimizer, loss(from_logits=True, reduction="mean_with_sample_weight")
        )

    def card(self, common: dict[str, Any], **fields: Any) -> Card:
        """Return a card with the common fields of `Task.save` and those of a kind."""
        copies = near_duplicates(self.learned, self.validated)
        common["data"] = {**common["data"], "valid_in_train": copies}
        held_out = held_out_files(self.corpus, self.validated)
        if held_out or not self.corpus.valid:
            others: list[str] = common["data"].get("held_out", [])
            common["data"]["held_out"] = held_out + others
        common["training"] = without_folders(common["training"])
        return Card(
            **common,
            kind=self.kind,
            vocabulary=self.vocabulary,
            plan_features=self.options.plan,
            **fields,
        )


def stored_figures(likelihood: Likelihood | OrderlessLikelihood) -> dict[str, Any]:
    """Return a likelihood as a card keeps it: no piece of valid is left out."""
    figures = asdict(likelihood)
    del figures["left_out"]
    return figures


def metrics(likelihood: Likelihood | OrderlessLikelihood) -> Row:
    """Return the row of `Task.validate` for a likelihood."""
    return {MONITOR: likelihood.nats_per_note, "valid_accuracy": likelihood.accuracy}
