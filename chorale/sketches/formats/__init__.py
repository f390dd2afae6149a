"""How do drawings come out of files, and into them?

`files` reads and writes any format, chosen by the file name. Quick, Draw!: `ndjson`,
`binary`. sketch-rnn: `sketch_rnn`. Training sets: `compact`, `tfrecord`. One drawing:
`svg`, `json_strokes`. All of them use `shared`.
"""
