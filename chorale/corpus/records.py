"""Records: pieces as `tf.train.Example` messages, for corpora in shards.

A record has what a corpus knows of a piece, one value for each step unless something
else is said:

    pitches             int64, 4 for each step, MIDI notes soprano → bass, 0 = silence
    onset               int64, bit mask of the voices that attack, soprano 1 … bass 8
    fermata             int64, 0 or 1
    bar, position       int64, number of the bar; steps since the barline
    metres, key         one text each, such as `3/4 4/4@96` and `G major`
    title, source       one text each

Tempo, credit and lyrics are not kept, as in corpora of classic CSVs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chorale.corpus.index import format_metres, parse_metres
from chorale.errors import DataError, located
from chorale.music.keys import Key
from chorale.music.score import Chorale
from chorale.music.voices import VOICES
from chorale.utils.arrays import BoolArray, IntArray
from chorale.utils.tfrecord import format_features, parse_features

_ONSET_BITS = 1 << np.arange(VOICES)  # soprano 1, alto 2, tenor 4, bass 8


def format_piece(piece: Chorale) -> bytes:
    """Return the content of a record; equal pieces give equal bytes."""
    return format_features(
        integers={
            "pitches": piece.pitches.ravel().tolist(),
            "onset": (piece.onsets @ _ONSET_BITS).tolist(),
            "fermata": piece.fermatas.astype(np.int64).tolist(),
            "bar": piece.bars.tolist(),
            "position": piece.positions.tolist(),
        },
        texts={
            "metres": format_metres(piece.metres),
            "key": "" if piece.key is None else piece.key.name,
            "title": piece.title,
            "source": piece.source,
        },
    )


def parse_piece(content: bytes, path: Path | str, record: int = 0) -> Chorale:
    """Return the piece of a record; the file and the number are for its errors.

    Raises:
        DataError: the content is not of the form of this module.
    """
    with located(path, record=record):
        features = parse_features(content)
        pitches = _numbers(features, "pitches").reshape(-1, VOICES)
        onset = _numbers(features, "onset")
        key = _text(features, "key")
        return Chorale(
            pitches=pitches,
            onsets=_masks(onset),
            fermatas=_numbers(features, "fermata") != 0,
            bars=_numbers(features, "bar"),
            positions=_numbers(features, "position"),
            metres=parse_metres(_text(features, "metres")),
            key=Key.parse(key) if key else None,
            title=_text(features, "title"),
            source=_text(features, "source"),
        )


def _numbers(features: Any, name: str) -> IntArray:
    numbers = np.array(_feature(features, name).int64_list.value, np.int64)
    if name == "pitches" and len(numbers) % VOICES:
        raise DataError(f"expected {VOICES} pitches for each step, got {len(numbers)}")
    return numbers


def _masks(onset: IntArray) -> BoolArray:
    masks: BoolArray = (onset[:, np.newaxis] & _ONSET_BITS) != 0
    return masks


def _text(features: Any, name: str) -> str:
    values = list(_feature(features, name).bytes_list.value)
    if len(values) != 1:
        raise DataError(f"expected one text as {name}, got {len(values)}")
    try:
        text: str = values[0].decode()
    except UnicodeDecodeError:
        raise DataError(f"expected UTF-8 as {name}") from None
    return text


def _feature(features: Any, name: str) -> Any:
    if name not in features:
        raise DataError(f"expected a feature {name!r}, there is none")
    return features[name]
