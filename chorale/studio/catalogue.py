"""What there is to choose from: models, seeds, voices, keys, words of drawings, limits.

The seeds are read once: files of the bundled corpus do not change while the studio
runs. Models may be trained meanwhile.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from chorale.corpus.index import Entry, parse_metres
from chorale.corpus.loading import bundled_corpus, load_entry
from chorale.corpus.seeds import numbered_seeds
from chorale.music.harmony.form import form_of
from chorale.music.keys import MOST_SHARPS, Key
from chorale.music.voices import VOICE_NAMES
from chorale.sketches.models import load_card as load_sketch_card
from chorale.studio.model_cache import named_models
from chorale.studio.parameters import MOST_BARS_TO_WRITE, MOST_VARIATIONS
from chorale.studio.uploads import MOST_BYTES


def catalogue() -> dict[str, Any]:
    """Return the catalogue, see the module."""
    return {
        "models": [
            {"name": name, "kind": each.card.kind, "summary": each.summary}
            for name, each in named_models().items()
        ],
        "seeds": _seeds(),
        "voices": list(VOICE_NAMES),
        "keys": [
            Key.from_fifths(fifths, mode).name
            for mode in ("major", "minor")
            for fifths in range(-MOST_SHARPS, MOST_SHARPS + 1)
        ],
        "words": _words(),
        "limits": {
            "bytes": MOST_BYTES,
            "bars": MOST_BARS_TO_WRITE,
            "variations": MOST_VARIATIONS,
        },
    }


@cache
def _words() -> list[str]:
    return list(load_sketch_card().words)


@cache
def _seeds() -> list[dict[str, Any]]:
    return [_seed(number, entry) for number, entry in enumerate(numbered_seeds(), 1)]


def _seed(number: int, entry: Entry) -> dict[str, Any]:
    chorale = load_entry(entry, bundled_corpus())
    return {
        "number": number,
        "title": entry.title,
        "source": chorale.source,
        "bars": int(chorale.bars[-1]),
        "metre": " ".join(metre.name for metre in parse_metres(entry.metre)),
        "key": entry.key,
        "form": form_of(chorale),
    }
