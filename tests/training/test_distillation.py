"""Distillation: targets by hand, teachers that do not fit, a run that has one."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command_line import run_command
from fakes import FakePredictor
from tiny import tiny_chorale, tiny_options, tiny_training, write_tiny_corpus

from chorale.corpus.loading import Corpus, load_corpus
from chorale.encoding.tokens import Vocabulary
from chorale.errors import ModelError, UsageError
from chorale.models.predictor import log_softmax
from chorale.models.storage import load_card
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.nn.cards import WEIGHTS_FILE
from chorale.nn.runs import Run, Settings
from chorale.training.chorale_networks import resume_training, train_network
from chorale.training.distillation import Teacher, teacher_cards, teacher_remark
from chorale.training.next_step import NextStepTask, draw_batches, prepare
from chorale.utils.arrays import FloatArray, IntArray

PLAN = ("position", "step")


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    random = np.random.default_rng(0)
    return Vocabulary.fit([tiny_chorale(random) for _ in range(4)], "pitch")


class Learned(FakePredictor):
    """A fake that tells which pieces it was asked not to recall."""

    def __init__(self, vocabulary: Vocabulary, table: FloatArray) -> None:
        super().__init__(vocabulary, table)
        self.forgotten: list[IntArray] = []

    def without(self, tokens: IntArray) -> Learned:
        self.forgotten.append(tokens)
        return self


@pytest.fixture
def predictor(vocabulary: Vocabulary) -> Learned:
    random = np.random.default_rng(1)
    size = (VOICES, vocabulary.pitch_count + 1, vocabulary.size)
    return Learned(vocabulary, np.exp(log_softmax(random.normal(size=size))))


def test_a_target_is_a_share_of_what_the_teacher_says(
    vocabulary: Vocabulary, predictor: Learned
) -> None:
    random = np.random.default_rng(1)
    tokens = random.integers(0, vocabulary.size, (6, VOICES))
    plan = np.zeros((6, len(PLAN)), np.int64)
    teacher = Teacher([predictor], PLAN, vocabulary, share=0.75)
    targets = teacher.targets(tokens, plan)
    assert targets.shape == (6, VOICES, vocabulary.size)
    np.testing.assert_allclose(targets.sum(axis=-1), 1, atol=1e-5)
    before = vocabulary.nothing
    for step in range(6):
        expected = 0.75 * predictor.table[2, before]
        expected[tokens[step, 2]] += 0.25
        np.testing.assert_allclose(targets[step, 2], expected, atol=1e-5)
        before = tokens[step, 2]


def test_targets_are_of_the_notes_beside_them(
    vocabulary: Vocabulary, predictor: Learned
) -> None:
    """Cropped, transposed and wrapped around as the piece is, heard from its start."""
    random = np.random.default_rng(2)
    options = tiny_training(encoding="pitch", plan=PLAN, crop=64, batch_size=2)
    chorales = [tiny_chorale(random) for _ in range(4)]
    pieces = [prepare(chorale, vocabulary, options) for chorale in chorales]
    teacher = Teacher([predictor], PLAN, vocabulary, share=0.75)
    for epoch in (1, 2):
        plain = draw_batches(pieces, vocabulary, options, epoch)
        taught = draw_batches(pieces, vocabulary, options, epoch, teacher)
        for one, other in zip(plain, taught, strict=True):
            for name, array in one.inputs._asdict().items():
                np.testing.assert_array_equal(getattr(other.inputs, name), array)
            there = np.take_along_axis(
                other.targets, one.targets[..., np.newaxis], axis=-1
            )[..., 0]
            assert (there >= 0.25).all()
            np.testing.assert_allclose(other.targets.sum(axis=-1), 1, atol=1e-5)
            # The chain of the fake hears one note back: what came before, unless cut.
            before = one.targets[:, :-1]
            said = predictor.table[np.arange(VOICES), before]
            rest = other.targets[:, 1:] - 0.75 * said
            wrong = ~np.isclose(rest.max(axis=-1), 0.25, atol=1e-5)
            assert wrong.any(axis=-1).sum(axis=-1).max() <= 1  # where it begins again


@pytest.mark.parametrize("encoding", ["pitch", "hold"])
def test_a_teacher_of_other_notes_is_mapped_by_pitch(encoding: str) -> None:
    random = np.random.default_rng(4)
    pieces = [tiny_chorale(random) for _ in range(4)]
    theirs = Vocabulary.fit(pieces, encoding)
    size = (VOICES, theirs.pitch_count + 1, theirs.size)
    table = np.exp(log_softmax(random.normal(size=size)))
    # The network has two notes more at the bottom, and lacks the three highest.
    own = replace(
        theirs,
        lowest=theirs.lowest - 2,
        highest=theirs.highest - 3,
        ranges=((theirs.lowest, theirs.highest - 3),) * 4,
    )
    teacher = Teacher([Learned(theirs, table)], PLAN, own, share=1.0)
    piece = pieces[0].transpose(-3)
    line = np.maximum(piece.pitches, theirs.lowest)
    piece = Chorale(pitches=line)
    tokens, plan = own.encode(piece), np.zeros((len(piece), len(PLAN)), np.int64)
    targets = teacher.targets(tokens, plan)
    np.testing.assert_allclose(targets.sum(axis=-1), 1, atol=1e-5)
    before = theirs.nothing
    expected = np.zeros(own.size)
    kept = table[1, before, : 1 + theirs.note_count - 3]
    expected[0], expected[3 : 1 + own.note_count] = kept[0], kept[1:]
    if encoding == "hold":
        expected[own.hold] = table[1, before, theirs.hold]
    np.testing.assert_allclose(targets[0, 1], expected / expected.sum(), atol=1e-5)
    # Another opinion on a piece that only one of two teachers knows.
    knows = Learned(own, np.full((VOICES, own.pitch_count + 1, own.size), 1 / own.size))
    both = Teacher([Learned(theirs, table), knows], PLAN, own, share=0.5)
    low = Chorale(pitches=np.where(line == line.min(), own.lowest, line))
    tokens = own.encode(low)
    one_hot = np.eye(own.size)[tokens]
    np.testing.assert_allclose(
        both.targets(tokens, plan), 0.5 * one_hot + 0.5 / own.size, atol=1e-5
    )
    # Nobody knows it: its notes alone.
    np.testing.assert_array_equal(teacher.targets(tokens, plan), one_hot)


def test_pieces_that_no_teacher_knows_are_counted(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    pieces = [tiny_chorale(random) for _ in range(3)]
    high = [piece.transpose(10) for piece in pieces[:2]]  # up to B flat 5
    assert teacher_remark(["bach"], pieces) == teacher_remark([], high) == ""
    said = teacher_remark(["bach", "jsb"], [*pieces, *high])
    assert said.startswith("2 of 5 pieces have notes outside")
    folder = write_tiny_corpus(tmp_path / "high", semitones=10)
    words = ("train", "--corpus", folder, "--output", tmp_path / "run")
    # Refused for its encoding only after the pieces were counted.
    done = run_command(*words, "--teacher", "jsb")
    assert done.returncode == 1 and "network's encoding" in done.stderr
    assert "note: 8 of 8" not in done.stderr and "note: 6 of 6 pieces" in done.stderr


def test_a_piece_is_heard_once_in_each_key(
    vocabulary: Vocabulary, predictor: Learned, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = []
    score = FakePredictor.score

    def counted(self: FakePredictor, tokens: IntArray, plan: IntArray) -> FloatArray:
        heard.append(tokens.tobytes())
        return score(self, tokens, plan)

    monkeypatch.setattr(FakePredictor, "score", counted)
    random = np.random.default_rng(3)
    options = tiny_training(encoding="pitch", plan=PLAN, transpose=1, plan_dropout=0)
    pieces = [prepare(tiny_chorale(random), vocabulary, options) for _ in range(3)]
    teacher = Teacher([predictor], PLAN, vocabulary, share=0.5)
    for epoch in range(8):
        list(draw_batches(pieces, vocabulary, options, epoch, teacher))
    assert len(heard) == len(set(heard))
    assert 3 <= len(heard) <= 9
    # None of them recalled the tune of the very piece.
    assert [piece[np.newaxis].tobytes() for piece in predictor.forgotten] == heard


def test_the_oldest_targets_are_forgotten(
    vocabulary: Vocabulary, predictor: Learned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chorale.training.distillation._CACHED", 2)
    teacher = Teacher([predictor], PLAN, vocabulary, share=0.5)
    plan = np.zeros((1, len(PLAN)), np.int64)
    pieces = [np.full((1, VOICES), token) for token in range(4)]
    kept = [teacher.targets(piece, plan) for piece in pieces]
    assert teacher.targets(pieces[3], plan) is kept[3]
    again = teacher.targets(pieces[0], plan)
    assert again is not kept[0]
    np.testing.assert_array_equal(again, kept[0])
    assert teacher.targets(pieces[3], plan) is kept[3]


# === Training with a teacher ===


@pytest.fixture(scope="module")
def corpus(tiny_corpus: Path) -> Corpus:
    return load_corpus(tiny_corpus)


@pytest.fixture
def teacher(next_step_run: Path, tmp_path: Path) -> Path:
    """Return a copy of a model that others may learn from."""
    return Path(shutil.copytree(next_step_run / "model", tmp_path / "teacher"))


@pytest.mark.slow
@pytest.mark.keras
def test_a_network_learns_from_its_teachers(
    corpus: Corpus, teacher: Path, tmp_path: Path
) -> None:
    run = tmp_path / "pupil"
    asked = tiny_training(teacher=(str(teacher),) * 2)
    options = tiny_options("lstm", recurrent_dropout=0.2, dropout=0.3)
    card, first = train_network(corpus, options, asked, run), load_card(teacher)
    # Without the folders of this machine, so that the model can be carried to others.
    assert card.data["teachers"] == {"teacher": first.files[WEIGHTS_FILE]}
    assert card.training["teacher"] == ["teacher"] * 2
    # Without them, all else being the same, it has learned something else.
    assert card.files[WEIGHTS_FILE] != first.files[WEIGHTS_FILE]
    assert "teachers" not in first.data
    # The teachers of a run are read from it when it is resumed.
    again = resume_training(corpus, run, finish=True)
    assert again.files[WEIGHTS_FILE] == card.files[WEIGHTS_FILE]


@pytest.mark.keras
def test_soft_targets_are_learned_with_their_own_loss(
    corpus: Corpus, teacher: Path
) -> None:
    asked = tiny_training(teacher=(str(teacher),), teacher_share=0.5)
    task = NextStepTask(corpus, tiny_options("gru", layers=1), asked)
    network = task.build()
    assert network.loss.name == "categorical_crossentropy"
    batch = next(iter(task.batches(1)))
    assert batch.targets.shape[-1] == task.vocabulary.size
    np.testing.assert_allclose(batch.targets.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.keras
def test_what_a_teacher_has_read_its_pupil_has_read_too(
    teacher: Path, tmp_path: Path
) -> None:
    other = load_corpus(write_tiny_corpus(tmp_path / "other", pieces=6, random_state=1))
    asked = tiny_training(teacher=(str(teacher),))
    files = NextStepTask(other, tiny_options(), asked).provenance()["files"]
    read = load_card(teacher).data["files"]
    assert {f"teacher/{name}": digest for name, digest in read.items()}.items() <= (
        files.items()
    )
    assert other.hashes.items() <= files.items()
    assert len(files) == len(read) + len(other.hashes)


@pytest.mark.keras
def test_teachers_that_do_not_fit_are_refused(
    corpus: Corpus, teacher: Path, tmp_path: Path
) -> None:
    names, vocabulary = [str(teacher)], load_card(teacher).vocabulary
    assert isinstance(vocabulary, Vocabulary)
    with pytest.raises(ModelError, match=r"uses fermata, key, the network does not"):
        teacher_cards(names, vocabulary, ("step", "position"))
    pitch = Vocabulary.fit(corpus.train, "pitch")
    with pytest.raises(ModelError, match=r"encoding, pitch, .* encoding hold"):
        teacher_cards(names, pitch, tiny_training().plan)
    with pytest.raises(UsageError):
        teacher_cards([str(tmp_path / "nobody")], vocabulary, tiny_training().plan)
    with pytest.raises(ModelError, match="next-step models as teachers, got count"):
        teacher_cards(["counterpoint"], vocabulary, tiny_training().plan)
    # Other notes are mapped.
    wider = replace(vocabulary, highest=vocabulary.highest + 3)
    assert list(teacher_cards(names, wider, tiny_training().plan)) == names
    with pytest.raises(UsageError, match="teacher_share"):
        tiny_training(teacher_share=1.0)


def test_a_share_needs_a_teacher(tmp_path: Path) -> None:
    command = ["train", "--output", str(tmp_path / "run"), "--teacher-share", "0.5"]
    done = run_command(*command)
    assert done.returncode == 2
    assert "name a --teacher, or leave it out" in done.stderr
    assert not (tmp_path / "run").exists()


def test_a_run_with_a_teacher_that_is_refused_leaves_nothing(
    corpus: Corpus, tmp_path: Path
) -> None:
    asked = tiny_training(teacher=("nobody",))
    with pytest.raises(UsageError, match="nobody"):
        train_network(corpus, tiny_options(), asked, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.keras
def test_a_run_goes_on_with_the_teachers_that_it_began_with(
    corpus: Corpus, teacher: Path, tmp_path: Path
) -> None:
    asked = tiny_training(teacher=(str(teacher),))
    task = NextStepTask(corpus, tiny_options(), asked)
    settings = Settings(task.network_options, asked, "", {})
    Run(tmp_path / "run").create(settings.to_json(), task.provenance())
    card = load_card(teacher)
    replace(card, files={**card.files, WEIGHTS_FILE: "0" * 64}).write(teacher)
    with pytest.raises(ModelError, match="teacher differs"):
        resume_training(corpus, tmp_path / "run")
