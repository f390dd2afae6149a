"""The head of a voice: the distribution of its next token, out of what a body gives.

A head sees the notes of the step before and those already written now by name, as
intervals from its own voice's last note and, where the plan tells the key, as degrees
of the scale; and it writes a token by all three. So what a step up is, an octave above
the bass or a leading tone need not be learnt note by note. Besides, it may repeat what
came next the last time, and follow a tune that it knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from chorale.encoding.echoes import LENGTHS
from chorale.encoding.tokens import MAX_AGE, SILENCE_TOKEN, Vocabulary
from chorale.encoding.tunes import COLUMNS, MAX_WAIT, STRENGTHS
from chorale.models.networks.motions import MotionLogits, find_ways, is_parallel
from chorale.music.voices import SOPRANO, VOICE_ORDER, VOICES
from chorale.nn.causal import Tensor

# Degrees count the semitones above a tonic, of major keys, then of minor ones.
NO_DEGREE = 24
_WIDEST = 36  # semitones; a wider interval counts as this wide
# Intervals are counted from the widest downwards to the widest upwards.
NO_INTERVAL = 2 * _WIDEST + 1


class Seen(NamedTuple):
    """What the heads see of a step; `...` is whatever axes stand before.

    Attributes:
        past_pitches, past_ages: int (..., 4), the notes as they stand.
        tokens: int (..., 4), those of the step itself.
        pitches: int (..., 4), the same, HOLD resolved.
        attacks: int (..., 4), 1 where a voice does not hold.
        degrees: int (..., 4), of `pitches`.
        token_degrees: int (..., vocabulary size), of all tokens.
        echo_tokens, echo_lengths: int (..., 4) and (...), see
        `chorale.encoding.echoes`.
        recall: int (..., 3), see `chorale.encoding.tunes.Tunes.recall`.
    """

    past_pitches: Tensor
    past_ages: Tensor
    tokens: Tensor
    pitches: Tensor
    attacks: Tensor
    degrees: Tensor
    token_degrees: Tensor
    echo_tokens: Tensor
    echo_lengths: Tensor
    recall: Tensor


class SumOfEmbeddings(keras.layers.Layer):
    """Embed several integers, each with a table of its own, and add the vectors up.

    Args:
        sizes: number of values of each integer.
        units: width of the vectors.
        dropout: share of the integers dropped in training, each by itself and whole
            (blank noise, which smooths as counts are smoothed: Xie et al., "Data
            noising as smoothing in neural network language models", 2017).

    Calling it takes int (..., len(sizes)) and gives float (..., units).
    """

    def __init__(
        self, sizes: Sequence[int], units: int, dropout: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        # The tables lie one below the other in one.
        self.offsets = np.cumsum([0, *sizes[:-1]]).astype("int32")
        self.table = keras.layers.Embedding(sum(sizes), units, name="table")
        self.dropout = keras.layers.Dropout(dropout, name="dropout")

    def call(self, integers: Tensor, training: bool | None = None) -> Tensor:
        kept = self.dropout(ops.ones((*ops.shape(integers), 1)))
        return ops.sum(kept * self.table(integers + self.offsets), axis=-2)


class VoiceHead(keras.layers.Layer):
    """The distribution of one voice's token at one step.

    Args:
        voice: whose head it is; of the step it sees the voices written before it.
        vocabulary: of the network.
        degrees: whether it sees and writes degrees.
        intervals: whether it sees and writes intervals.
        motions: whether it weighs how it moves against the voices before it.
        echoes: whether it sees and writes echoes.
        tunes: whether it sees what is recalled of tunes, and the soprano writes it.
        units: width of the hidden layers.
        dropout: share of the last hidden layer dropped in training.
        input_dropout: share of the integers dropped that it sees the notes by.
        unlikelihood: what parallels cost in training: so many times -log(1 - their
            probability) is added to the loss (Welleck et al., "Neural text generation
            with unlikelihood training", 2020).
    """

    def __init__(
        self,
        voice: int,
        vocabulary: Vocabulary,
        *,
        degrees: bool,
        intervals: bool,
        motions: bool,
        echoes: bool,
        tunes: bool,
        units: int,
        dropout: float,
        input_dropout: float,
        unlikelihood: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.voice = voice
        self.before = VOICE_ORDER[: VOICE_ORDER.index(voice)]
        self.others = [other for other in range(VOICES) if other != voice]
        self.vocabulary, self.degrees = vocabulary, degrees
        self.intervals, self.echoes, self.tunes = intervals, echoes, tunes
        # The first voice of a step moves against none.
        self.motions = motions and bool(self.before)
        self.unlikelihood = unlikelihood if self.before else 0.0
        # What each written voice does now, whether it attacks, what all did before.
        pitches = vocabulary.pitch_count + 1
        now = [pitches, *[NO_DEGREE + 1] * degrees, 2] * len(self.before)
        past = [pitches, MAX_AGE + 1] * VOICES
        around = [NO_INTERVAL + 1] * len([*self.others, *self.before]) * intervals
        # How far the echo reaches back, its interval, which voices have gone with it.
        heard = [LENGTHS, NO_INTERVAL + 1, *[3] * len(self.before)] * echoes
        # How well a tune agrees, how far its next note is, in steps and semitones.
        recalled = [STRENGTHS, MAX_WAIT + 1, NO_INTERVAL + 1] * tunes
        self.notes = SumOfEmbeddings(
            now + past + around + heard + recalled, units, input_dropout, name="notes"
        )
        self.hidden = keras.layers.Dense(units, name="hidden")
        self.deeper = keras.layers.Dense(units, activation="silu", name="deeper")
        self.dropout = keras.layers.Dropout(dropout, name="dropout")
        self.logits = keras.layers.Dense(vocabulary.size, name="logits")
        if degrees:
            self.degree_logits = keras.layers.Dense(NO_DEGREE, name="degree_logits")
        if intervals:
            # From its own last note, and from each note already written now.
            self.interval_logits = keras.layers.Dense(
                (1 + len(self.before)) * (NO_INTERVAL + 1), name="interval_logits"
            )
        if self.motions:
            self.motion_logits = MotionLogits(len(self.before), name="motion_logits")
        if echoes:
            self.echo_logit = keras.layers.Dense(1, name="echo_logit")
        self.sings_tunes = tunes and voice == SOPRANO
        if self.sings_tunes:
            self.tune_logit = keras.layers.Dense(1, name="tune_logit")

    def call(self, hidden: Tensor, seen: Seen, training: bool | None = None) -> Tensor:
        """Return float (..., vocabulary size) for a body's output (..., units).

        Of what is written at the step only the voices before this one are read.
        """
        hidden = ops.silu(self.hidden(hidden) + self.notes(self._columns(seen)))
        hidden = self.dropout(self.deeper(hidden))
        logits = self.logits(hidden)
        if self.degrees:
            by_degree = self.degree_logits(hidden)
            by_degree = ops.concatenate([by_degree, 0 * by_degree[..., :1]], axis=-1)
            logits += ops.take_along_axis(by_degree, seen.token_degrees, axis=-1)
        if self.intervals:
            logits += self._by_interval(hidden, seen)
        if self.motions:
            logits += self.motion_logits(self._ways(seen))
        if self.echoes:
            logits += self._by_echo(hidden, seen)
        if self.sings_tunes:
            logits += self._by_tune(hidden, seen)
        if training and self.unlikelihood:
            self.add_loss(self.unlikelihood * self._surprise_of_parallels(logits, seen))
        return logits

    def _columns(self, seen: Seen) -> Tensor:
        """Return the integers that are embedded, (..., columns)."""
        columns = []
        for voice in self.before:
            columns.append(seen.pitches[..., voice])
            if self.degrees:
                columns.append(seen.degrees[..., voice])
            columns.append(seen.attacks[..., voice])
        for voice in range(VOICES):
            columns += [seen.past_pitches[..., voice], seen.past_ages[..., voice]]
        if self.intervals:
            last = seen.past_pitches[..., self.voice]
            around = [seen.past_pitches[..., voice] for voice in self.others]
            around += [seen.pitches[..., voice] for voice in self.before]
            columns += [interval(last, note, self.vocabulary) for note in around]
        if self.echoes:
            last = seen.past_pitches[..., self.voice]
            repeated = seen.echo_tokens[..., self.voice]
            columns.append(seen.echo_lengths)
            columns.append(interval(last, repeated, self.vocabulary))
            is_there = seen.echo_lengths > 0
            for voice in self.before:
                agrees = seen.tokens[..., voice] == seen.echo_tokens[..., voice]
                columns.append(ops.where(is_there, 1 + ops.cast(agrees, "int32"), 0))
        if self.tunes:
            up, wait, strength = ops.unstack(seen.recall, COLUMNS, axis=-1)
            last = seen.past_pitches[..., self.voice]
            following = interval(last, self._tune(seen), self.vocabulary)
            is_known = (strength > 0) & (up != 0)
            columns += [strength, wait, ops.where(is_known, following, NO_INTERVAL)]
        return ops.stack(columns, axis=-1)

    def _ways(self, seen: Seen) -> Tensor:
        """Return how each token moves the voice against those before it."""
        past, now = (
            ops.stack([notes[..., voice] for voice in self.before], axis=-1)
            for notes in (seen.past_pitches, seen.pitches)
        )
        return find_ways(seen.past_pitches[..., self.voice], past, now, self.vocabulary)

    def _surprise_of_parallels(self, logits: Tensor, seen: Seen) -> Tensor:
        """Return -log(1 - probability of parallels), in nats a note of four voices.

        All steps count: padding is the piece over again (`chorale.training.next_step`),
        and what moves out of a fermata is to move well too, if no rule demands it.
        """
        are_parallel = ops.any(is_parallel(self._ways(seen)), axis=-2)
        probabilities = ops.where(are_parallel, ops.softmax(logits), 0)
        nats = -ops.log1p(-ops.clip(ops.sum(probabilities, axis=-1), 0, 0.999))
        return ops.mean(nats) / VOICES

    def _by_interval(self, hidden: Tensor, seen: Seen) -> Tensor:
        """Return what the intervals of each token add to its logit."""
        notes = [seen.past_pitches[..., self.voice]]
        notes += [seen.pitches[..., voice] for voice in self.before]
        low = ops.stack(notes, axis=-1)[..., None]  # (..., notes, 1)
        tokens = np.arange(self.vocabulary.size, dtype="int32")
        # The logits of all these notes lie side by side.
        offsets = (NO_INTERVAL + 1) * np.arange(len(notes), dtype="int32")[:, None]
        places = interval(low, tokens, self.vocabulary) + offsets
        shape = ops.shape(places)
        places = ops.reshape(places, (*shape[:-2], len(notes) * len(tokens)))
        added = ops.take_along_axis(self.interval_logits(hidden), places, axis=-1)
        return ops.sum(ops.reshape(added, shape), axis=-2)

    def _by_echo(self, hidden: Tensor, seen: Seen) -> Tensor:
        """Return what the echo adds to the logit of its token."""
        tokens = np.arange(self.vocabulary.size, dtype="int32")
        is_echo = tokens == seen.echo_tokens[..., self.voice, None]
        is_echo = is_echo & (seen.echo_lengths > 0)[..., None]
        return ops.cast(is_echo, hidden.dtype) * self.echo_logit(hidden)

    def _by_tune(self, hidden: Tensor, seen: Seen) -> Tensor:
        """Return what a tune adds to the logit of the soprano that follows it."""
        _, wait, strength = ops.unstack(seen.recall, COLUMNS, axis=-1)
        stays = seen.past_pitches[..., SOPRANO]
        if self.vocabulary.hold is not None:
            stays = ops.full_like(stays, self.vocabulary.hold)
        tune = self._tune(seen)
        is_note = (tune > SILENCE_TOKEN) & (tune < self.vocabulary.pitch_count)
        is_known = (strength > 0) & ((wait > 0) | is_note)
        follows = ops.where(wait > 0, stays, tune)
        is_it = np.arange(self.vocabulary.size, dtype="int32") == follows[..., None]
        is_it = is_it & is_known[..., None]
        return ops.cast(is_it, hidden.dtype) * self.tune_logit(hidden)

    @staticmethod
    def _tune(seen: Seen) -> Tensor:
        """Return the token of the tune's next note, which may be out of range."""
        return seen.past_pitches[..., SOPRANO] + seen.recall[..., 0]


def interval(low: Tensor, high: Tensor, vocabulary: Vocabulary) -> Tensor:
    """Return the intervals from some tokens up to others.

    Args:
        low, high: int arrays of tokens, or of pitches of a Past, that broadcast.
        vocabulary: what they mean.

    Returns:
        int array: semitones upwards plus 36, from 0 (three octaves down or more) to 72;
        NO_INTERVAL where one of the two is silence, HOLD or nothing.
    """
    are_notes = (
        (low > SILENCE_TOKEN)
        & (high > SILENCE_TOKEN)
        & (low < vocabulary.pitch_count)
        & (high < vocabulary.pitch_count)
    )
    semitones = ops.clip(high - low, -_WIDEST, _WIDEST) + _WIDEST
    return ops.where(are_notes, semitones, NO_INTERVAL)


def scale_degrees(tokens: Tensor, key: Tensor, vocabulary: Vocabulary) -> Tensor:
    """Return the degrees that tokens are in a key.

    Args:
        tokens: int array of tokens, or of pitches of a Past.
        key: int array that broadcasts with it, the plan's feature `key`: 0 if unknown,
            then the major keys from C up, then the minor ones.
        vocabulary: what the tokens mean.

    Returns:
        int array: semitones above the tonic of a major key, 12 more in a minor key,
        NO_DEGREE for silence, HOLD and in an unknown key.
    """
    pitch = tokens - 1 + vocabulary.lowest
    degree = (pitch - (key - 1)) % 12 + 12 * ((key - 1) // 12)
    sounds = (tokens > SILENCE_TOKEN) & (tokens < vocabulary.pitch_count)
    return ops.where(sounds & (key > 0), degree, NO_DEGREE)
