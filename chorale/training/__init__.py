"""How does a corpus become a model?

- `chorale_networks`: trains a network on a corpus, or resumes a run
- `options`: options of the training
- `next_step`, `infiller`, `task`: the two kinds of networks, what they have in common
- `batches`, `masks`: what an epoch draws at random; hidden cells of infillers
- `distillation`: soft targets from teachers
- `fine_tuning`: training that begins with the weights of a model
- `calibration`: weights that correct a trained model, fitted on held-out pieces
- `critic`, `cadence_keys`: counts that steer a model while it writes
- `provenance`: hashes of models that a training learns from
"""
