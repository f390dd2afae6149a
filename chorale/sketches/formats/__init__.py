"""How does a drawing come out of a file, and how does it get into one?

- files: the table of formats; reads and writes any of them by the name of a file
- ndjson, binary: Quick, Draw!'s own files
- sketch_rnn: the pickled .npz files of sketch-rnn
- compact: all drawings of a data set in one .npz
- tfrecord: the TFRecords of the TensorFlow tutorial, without TensorFlow
- svg, json_strokes: one drawing
- shared: read options, error locations, labels
"""
