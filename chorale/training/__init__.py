"""How does a corpus become a model?

trainer        train a network on a corpus, or resume a run
options        options of the training
next_step      task of next-step networks: loss, batches, validation
infiller       task of infilling networks
task           what both tasks have in common
batches        order, transposition and plan of the chorales in an epoch
masks          which cells are hidden from an infiller
distillation   soft targets from teachers
"""
