"""How good a model is: likelihood, style beside Bach's own, copying, part-writing.

- `likelihood`, `orderless`: nats per note of a next-step model, of an infiller
- `judgement`: a set of chorales beside Bach's others, one row each
- `copying`: how much is copied from train
- `tables`, `pictures`, `report`: a judgement in words and figures, in pictures, in both
- `style`: distributions that are compared
"""
