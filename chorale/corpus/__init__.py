"""Which chorales are there, where are they from, and in which split is each?

- `loading`, `folders`: a corpus from a folder of CSV files; splits, held-out pieces
- `shards`, `records`: corpora larger than memory, as TFRecord files
- `ranges`: which notes the voices may have
- `index`, `manifest`: what is known of each piece; the scores of the bundled corpus
- `reading`: chorales and melodies from files of any format
- `groups`, `splitting`: pieces that share a melody; splits that keep them together
- `seeds`: openings by number, catalogue number or file
- `statistics`: a corpus in figures
- `bach`: builds the bundled corpus from music21's scores
"""
