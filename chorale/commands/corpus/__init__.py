"""`chorale corpus`: import, describe and build corpora."""

from __future__ import annotations

from chorale.commands.lazy import lazy_family

family = lazy_family(
    __name__,
    "Import, describe or build a corpus.",
    {
        "import": "Import files, folders and archives into a corpus.",
        "describe": "Print statistics of a corpus, and which of its files are invalid.",
        "build": "Build the corpus of Bach's chorales from music21's scores.",
    },
)
