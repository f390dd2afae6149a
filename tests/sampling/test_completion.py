"""Completion: harmonized melodies; given notes unchanged, those of passages too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fakes import (
    UniformInfiller,
    memoryless_predictor,
    uniform_predictor,
    wide_cells,
    wide_vocabulary,
)
from strategies import little_chorale

from chorale.errors import DataError, UsageError
from chorale.models.storage import load_model
from chorale.music.keys import Key
from chorale.music.lyrics import Lyric
from chorale.music.melody import Melody, melody_of
from chorale.music.metre import Metre, number_bars
from chorale.music.score import Chorale, Note
from chorale.music.voices import ALTO, BASS, SOPRANO, TENOR, VOICES
from chorale.sampling import completion
from chorale.sampling.completion import (
    Model,
    Options,
    fill_in,
    harmonize,
    is_folk_song,
    semitones_into_range,
)
from chorale.sampling.fragments import Fragment, extend_to_onsets, with_voice
from chorale.sampling.gibbs import InfillingOptions
from chorale.sampling.next_step_options import SamplingOptions
from chorale.sampling.rewriting import rewrite

INFILLER = UniformInfiller(wide_cells())
QUICK = InfillingOptions(rounds=2)
PIECE = little_chorale()
PREDICTOR = uniform_predictor(wide_vocabulary())
both_kinds = pytest.mark.parametrize(
    ("model", "options"),
    [(PREDICTOR, SamplingOptions(particles=2)), (INFILLER, QUICK)],
    ids=["next step", "infiller"],
)


def random_piece(random: np.random.Generator) -> Chorale:
    """Return a piece of rests, repeats, ties and crossings, in any metre and key."""
    metre = Metre.parse(random.choice(["4/4", "3/4", "6/8", "3/8"]))
    pickup = int(random.integers(metre.bar_length))
    steps = int(random.integers(2, 28))
    bars, positions = number_bars(steps, [metre], pickup)
    lines = []
    for low, high in INFILLER.vocabulary.ranges:
        line, step = [], int(random.integers(3))
        while step < steps:
            length = min(int(random.integers(1, 9)), steps - step)
            line.append(Note(int(random.integers(low + 5, high - 5)), step, length))
            step += length + int(random.integers(3) == 0)
        lines.append(line)
    return Chorale.from_notes(
        lines,
        steps,
        fermatas=random.random(steps) < random.choice([0.0, 0.2]),
        bars=bars,
        positions=positions,
        metres=(metre,),
        key=Key.from_fifths(int(random.integers(-7, 8)), "minor"),
    )


def random_options(random: np.random.Generator, state: int, infills: bool) -> Options:
    shared = {
        "rules": str(random.choice(["off", "lenient", "strict"], p=[0.96, 0.02, 0.02])),
        "rests": bool(random.integers(2)),
        "random_state": state,
    }
    if not infills:
        return SamplingOptions(particles=int(random.integers(1, 4)), **shared)
    return InfillingOptions(
        method="ancestral" if random.random() < 0.02 else "gibbs",
        rounds=int(random.integers(1, 4)),
        **shared,
    )


def is_written(written: Chorale, piece: Chorale, given: np.ndarray) -> None:
    """Assert that given cells and everything but the notes are unchanged."""
    assert np.array_equal(written.pitches[given], piece.pitches[given])
    assert np.array_equal(written.onsets[given], piece.onsets[given])
    for name in ("fermatas", "bars", "positions"):
        assert np.array_equal(getattr(written, name), getattr(piece, name))
    assert (written.metres, written.key) == (piece.metres, piece.key)


@pytest.mark.parametrize("infills", [True, False])
@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("hold", 20),
        ("pitch", 20),
        *(
            pytest.param(name, calls, marks=pytest.mark.slow)
            for name, calls in (("hold", 100), ("pitch", 100), ("shipped", 20))
        ),
    ],
)
def test_given_cells_are_unchanged_in_many_calls(
    name: str, calls: int, infills: bool
) -> None:
    model: Model
    if name == "shipped":
        model = load_model("counterpoint" if infills else "bach")
    elif infills:
        model = UniformInfiller(wide_cells(name))
    else:
        model = uniform_predictor(wide_vocabulary(name))
    random = np.random.default_rng(7)
    called = 0
    while called < calls:
        piece = random_piece(random)
        options = random_options(random, called, infills)
        if random.integers(2):
            voice = int(random.integers(VOICES))
            if not piece.onsets[:, voice].any():
                continue
            melody = melody_of(piece.transpose(int(random.integers(-5, 6))), voice)
            (written,) = harmonize(model, melody, options)
            given = np.zeros(melody.chorale.pitches.shape, bool)
            given[:, voice] = True
            is_written(written, melody.chorale, given)
            assert written.onsets[:, (voice + 1) % VOICES].any() or options.rests
        else:
            bars = [bar for bar in set(piece.bars.tolist()) if random.integers(2)]
            voices = [voice for voice in range(VOICES) if random.integers(2)]
            passage = np.isin(piece.bars, bars)[:, None] & np.isin(range(4), voices)
            given = extend_to_onsets(~passage, piece)
            if given.all() or not given.any() or passage.all():
                continue
            (written,) = rewrite(model, piece, options, bars=bars, voices=voices)
            is_written(written, piece, given)
        called += 1


# === Harmonizing ===


@both_kinds
def test_the_lyrics_of_a_melody_are_kept(model: Model, options: Options) -> None:
    lyrics = [Lyric(step=0, voice=0, text="Wer"), Lyric(step=4, voice=0, text="nur")]
    piece = little_chorale(lyrics=lyrics)
    (harmonized,) = harmonize(model, melody_of(piece), options)
    assert [lyric.text for lyric in harmonized.lyrics] == ["Wer", "nur"]
    assert harmonized.onsets[[0, 4], 0].all()


@both_kinds
def test_a_melody_gets_three_voices_in_its_own_key(
    model: Model, options: Options
) -> None:
    melody = melody_of(PIECE)
    first, second = harmonize(model, melody, options, variations=2)
    assert first == harmonize(model, melody, options)[0] != second
    assert first.notes(SOPRANO) == PIECE.notes(SOPRANO)
    assert (first.key, first.title) == (PIECE.key, PIECE.title)
    lowest, highest = np.array(model.vocabulary.ranges).T
    assert ((lowest <= first.pitches) & (first.pitches <= highest)).all()


@pytest.mark.parametrize("semitones", [-9, 0, 11])
@pytest.mark.parametrize("voice", [SOPRANO, ALTO, TENOR, BASS])
@both_kinds
def test_any_key_and_any_voice(
    model: Model, options: Options, semitones: int, voice: int
) -> None:
    piece = PIECE.transpose(semitones)
    melody = melody_of(piece, voice)
    (written,) = harmonize(model, melody, options)
    assert written.notes(voice) == melody.chorale.notes(voice)
    lowest, highest = np.array(model.vocabulary.ranges).T
    others = np.arange(VOICES) != voice
    within = (lowest <= written.pitches) & (written.pitches <= highest)
    assert within[:, others].all()


class Recorder(UniformInfiller):
    """Records the cells and the plan of its first call."""

    def logits(self, cells, visible, plan):  # type: ignore[no-untyped-def]
        if not hasattr(self, "notes"):
            self.notes = np.where(visible, self.vocabulary.pitches[cells], 0)[0]
            self.key = int(plan[0, 0, 0])
        return super().logits(cells, visible, plan)


def test_the_model_reads_the_melody_in_range_and_without_rests() -> None:
    # Three semitones below the soprano's lowest, with a rest.
    lines: list[list[Note]] = [[Note(57, 0, 4), Note(74, 8, 8)], [], [], []]
    melody = melody_of(Chorale.from_notes(lines, 16, key=Key("C", "major")))
    assert semitones_into_range(melody, (60, 81)) == 3
    recorder = Recorder(wide_cells(), plan_features=("key",))
    (written,) = harmonize(recorder, melody, QUICK)
    assert recorder.notes[:, 0].tolist() == [60] * 8 + [77] * 8
    assert not recorder.notes[:, 1:].any()
    assert recorder.key == 1 + 3  # E flat major
    assert written.key == Key("C", "major")
    assert written.pitches[:, 0].tolist() == [57] * 4 + [0] * 4 + [74] * 8
    assert written.pitches[4:8, 1:].all()  # the others do not rest


@both_kinds
def test_a_melody_in_another_octave_stays_there(model: Model, options: Options) -> None:
    low = melody_of(PIECE).chorale.transpose(-12)
    melody = Melody(chorale=low, voice=SOPRANO)
    assert semitones_into_range(melody, (60, 81)) == 0
    (written,) = harmonize(model, melody, options)
    assert written.notes(SOPRANO) == low.notes(SOPRANO)


@pytest.mark.parametrize(
    ("lengths", "has_fermatas", "is_folk"),
    [
        ([4, 4, 4, 8, 8, 8], True, False),
        ([4, 4, 8, 8, 8, 2, 2], True, True),
        ([4, 4, 4, 4], False, True),
    ],
)
def test_a_folk_song_has_no_fermatas_or_few_quarters(
    lengths: list[int], has_fermatas: bool, is_folk: bool
) -> None:
    starts = np.cumsum([0, *lengths])
    line = [
        Note(60 + index % 2, int(start), length)
        for index, (start, length) in enumerate(zip(starts, lengths, strict=False))
    ]
    fermatas = (np.arange(starts[-1]) < lengths[0]) & has_fermatas
    piece = Chorale.from_notes([line, [], [], []], int(starts[-1]), fermatas=fermatas)
    assert is_folk_song(melody_of(piece)) is is_folk


def test_folk_songs_follow_planned_chords(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = []
    original = completion.fill_in

    def spy(model: Model, fragments: list[Fragment], *args: Any, **rest: Any) -> Any:
        planned.append([fragment.chords for fragment in fragments])
        return original(model, fragments, *args, **rest)

    monkeypatch.setattr(completion, "fill_in", spy)
    melody = melody_of(little_chorale())
    song = replace(melody, has_fermatas=False)
    options = SamplingOptions(particles=1)
    bass = replace(melody_of(little_chorale(), BASS), has_fermatas=False)
    for tune in (song, replace(melody, has_fermatas=True), bass):
        harmonize(PREDICTOR, tune, options, variations=4, drafts=2)
    harmonize(INFILLER, song, QUICK)
    first, hymn, low, infilled = planned
    assert first[0] == first[1] is not None
    assert first[2] == first[3] is not None
    assert {*hymn, *low, *infilled} == {None}
    harmonize(PREDICTOR, song, replace(options, random_state=1), variations=2)
    likeliest, _ = planned[-1]
    assert likeliest == first[0]
    for variations, drafts in ((3, 2), (2, 0)):
        with pytest.raises(UsageError, match="drafts"):
            harmonize(PREDICTOR, song, options, variations=variations, drafts=drafts)


@pytest.mark.parametrize(("has_fermatas", "share"), [(True, 0.75), (False, 0.828)])
def test_a_melody_without_fermatas_takes_a_lower_temperature(
    has_fermatas: bool, share: float
) -> None:
    # Two notes, one 3 times, at 0.7 of the temperature 3 ** (1 / 0.7) times as likely.
    vocabulary = wide_vocabulary("pitch")
    low, high = vocabulary.token(60), vocabulary.token(67)
    chances = np.zeros(vocabulary.size)
    chances[[low, high]] = 0.75, 0.25
    line = [Note(67, 4 * beat, 4) for beat in range(200)]
    fermatas = np.arange(800) // 4 == (99 if has_fermatas else 199)
    tune = Chorale.from_notes([[], line, [], []], 800, fermatas=fermatas)
    melody = melody_of(tune, ALTO)
    assert melody.has_fermatas is has_fermatas
    options = SamplingOptions(
        temperature=1, rules="off", top_p=1, particles=1, ranges=((60, 67),) * VOICES
    )
    predictor = memoryless_predictor(vocabulary, chances.tolist())
    (written,) = harmonize(predictor, melody, options)
    others = written.pitches[:, [SOPRANO, TENOR, BASS]]
    assert set(np.unique(others)) == {60, 67}
    assert np.mean(others == 60) == pytest.approx(share, abs=0.03)


@both_kinds
def test_ranges_may_be_asked_for(model: Model, options: Options) -> None:
    ranges = ((60, 81), (57, 62), (50, 55), (40, 45))
    options = replace(options, ranges=ranges)
    (written,) = harmonize(model, melody_of(PIECE), options)
    for voice in (ALTO, TENOR, BASS):
        low, high = ranges[voice]
        assert low <= written.pitches[:, voice].min()
        assert written.pitches[:, voice].max() <= high


@both_kinds
def test_long_and_short_melodies(model: Model, options: Options) -> None:
    for steps in (1, 1500):
        lines: list[list[Note]] = [[Note(72, 0, steps)], [], [], []]
        (written,) = harmonize(
            model,
            melody_of(Chorale.from_notes(lines, steps)),
            replace(options, rules="off"),
        )
        assert written.steps == steps and written.pitches.all()


@both_kinds
def test_what_cannot_be_harmonized(model: Model, options: Options) -> None:
    with pytest.raises(UsageError, match="at least 1 variation, got 0"):
        harmonize(model, melody_of(PIECE), options, variations=0)
    lines: list[list[Note]] = [[Note(50, 0, 4), Note(90, 4, 4)], [], [], []]
    melody = melody_of(Chorale.from_notes(lines, 8))
    with pytest.raises(DataError, match="the soprano's F#6 in bar 1 is outside"):
        harmonize(model, melody, options)


def test_options_are_for_models_of_their_kind() -> None:
    fragments = [with_voice(PIECE, SOPRANO)]
    with pytest.raises(UsageError, match=r"SamplingOptions .*, got InfillingOptions"):
        fill_in(PREDICTOR, fragments, QUICK)
    with pytest.raises(UsageError, match=r"InfillingOptions .*, got SamplingOptions"):
        fill_in(INFILLER, fragments, SamplingOptions())
    default = SamplingOptions(particles=8)
    assert fill_in(PREDICTOR, fragments) == fill_in(PREDICTOR, fragments, default)


def test_the_bass_of_a_jig_moves_with_the_dotted_quarters() -> None:
    metre = Metre.parse("6/8")
    pitches = [72, 76, 79, 77, 74, 71, 72, 71, 69, 67, 69, 71] * 2
    notes = [Note(pitch, 2 * i, 2) for i, pitch in enumerate(pitches)]
    lines = [[*notes, Note(72, 48, 6)], [], [], []]
    jig = Chorale.from_notes(lines, 54, metres=(metre,), key=Key("C", "major"))
    options = SamplingOptions(particles=2, top_k=1)
    (written,) = harmonize(load_model("bach"), melody_of(jig), options)
    assert written.notes(SOPRANO) == jig.notes(SOPRANO)
    assert written.metres == jig.metres
    is_beat = written.positions % 6 == 0
    assert written.onsets[is_beat, BASS].mean() > 0.7
    assert is_beat[written.onsets[:, BASS]].mean() > 0.6
