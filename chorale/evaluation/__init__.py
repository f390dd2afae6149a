"""How good is a model, and how close are its samples to Bach?

- `likelihood`: exact likelihood of a next-step model
- `orderless`: likelihood of an infiller, in random orders
- `judgement`: the judge: metrics of samples beside Bach and baselines
- `copying`: stretches copied from the training set, near-duplicates
- `style`: distances between sets of chorales
- `reference`: the corpus that samples are judged beside
- `summary`: a judgement in sentences, with bars and beats
- `listening`: a page on which people judge by ear
- `tables`, `pictures`, `report`: a judgement as tables, as plots, as both
"""
