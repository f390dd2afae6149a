"""What the training tasks of next-step networks and of infillers have in common."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar, Generic, TypeVar

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
from chorale.nn.runs import Row
from chorale.nn.trainer import Task
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
        DataError: the train split is empty, or valid has notes that train lacks.
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
        self.corpus = corpus
        self.network_options, self.options = network_options, options
        self.learned, self.validated, _ = split_corpus(corpus)
        # Chorales held out of a flat corpus are of its train split too.
        self.vocabulary: VocabularyT = self.vocabulary_class.of_ranges(
            corpus.ranges(), options.encoding
        )
        for chorale in self.validated:
            self.vocabulary.encode(chorale)

    @property
    def examples(self) -> int:
        return len(self.learned)

    def provenance(self) -> dict[str, Any]:
        """Return the name of the corpus, and the SHA-256 of its files by name."""
        files = dict(sorted(self.corpus.hashes.items()))
        return {"corpus": self.corpus.path.name, "files": files}

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
            common["data"]["held_out"] = held_out
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
