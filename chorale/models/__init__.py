"""How likely is the next note, or a missing one, and where are trained models kept?

- `predictor`, `infiller`: the two interfaces of models
- `next_step`, `onnx_next_step`: networks as predictors; `ngram`: the baseline
- `calibration`: weights that correct a network, `critic`: counts that steer samplers
- `ensemble`, `guidance`: means of predictors; closer adherence to the key
- `storage`, `options`: trained models and their cards; options of networks
- `networks`: the Keras networks
"""
