"""How is a network built, trained, stored, and run?

- `bodies`: options of the layers that carry time, one family a file: `recurrent`,
  `convolutional`, `wavenet`, `attention`; `causal`: what they are made of
- `trainer`, `fitting`, `runs`: begin or resume a run; training loop; its folder;
  `finishing`: the model of a run that was trained on another backend than TensorFlow
- `distribution`: several devices and several machines; `cluster`, `rendezvous`,
  `workers`: their list in TF_CONFIG, their meeting, the beginning of their training
- `recurrence`: recurrent layers over whole sequences, faster to train than loops
- `moving_average`: average of the weights
- `cards`: model cards, and the lookup of models by name
- `weights`, `onnx_export`, `onnx_sessions`: storage, and inference without Keras

Nothing here knows about music or drawings.
"""
