"""Calibration of a next-step model: how likely voices stay, return, step and leap.

A network knows the pieces that it was trained on too well to learn how far it may trust
what it knows. On other pieces it expects returns and echoes that do not come. The
*calibration* corrects that after training: it adds to the logit of each token a weight
that depends on the relation of the token to the latest notes of its voice
(`relations`), and on circumstances such as the age of the note (`circumstances`). The
weights are few, and they are fitted on pieces that the predicting networks have not
seen (`chorale.training.calibration`).
"""
