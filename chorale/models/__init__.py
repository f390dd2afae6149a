"""How likely is the next note, or a missing one, and where are trained models kept?

- `predictor`, `infiller`: the two interfaces of models
- `next_step`: networks as predictors; `ngram`: the baseline
- `ensemble`, `guidance`: means of predictors; closer adherence to the key
- `storage`, `options`: trained models and their cards; options of networks
- `networks`: the Keras networks
"""
