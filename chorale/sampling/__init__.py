"""Sampling: how does a model become a chorale?

generate     new chorales and completions by a next-step model
next_step    its sampler, step by step
particles    its particle filter, for notes that are given later
gibbs        completions by an infiller, and its sampler
batches      padding, random streams and allowed notes of both samplers
logits       temperature, rules, top-k, top-p, and their options
fragments    pieces of which some notes are given
completion   harmonize a melody, rewrite a passage, by either kind of model
prompts      openings, plans and sopranos to complete
best_of      the judge that keeps the best of several chorales
"""
