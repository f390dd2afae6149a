"""Sampling: how does a model become a chorale?

generate        new chorales and completions by a next-step model
bulk            many of them in chunks, over any executor
next_step       its sampler, step by step, and `next_step_options` its options
alphabet        what it looks up by the pitch that sounds
particles       its particle filter, for notes that are given later
phrase_costs    what phrases cost, after each of which drafts of a melody meet
steering        the critic that weighs particles after every beat
cadence_keys    the keys in which phrases are to end
form            passages that are repeated, copied as they are written
asked_plan      forms and cadences in words, as they are asked for
asked_cadences  the tones of such cadences, and of planned chords
chord_plan      the chords that are planned for a folk song
gibbs           completions by an infiller, and its sampler
batches         padding, random streams and allowed notes of both samplers
note_costs      costs of notes outside a range, or foreign to a mode
logits          temperature, rules, top-k, top-p, and their options
fragments       pieces of which some notes are given
completion      harmonize a melody, by either kind of model
rewriting       other notes for a passage, that differ from those it had
variations      the search for drafts of a passage that differ enough
passages        some bars and voices of a piece, as cells and in words
avoidance       models that avoid given lines, so that what they write differs
listening_pairs chorales, and samples after their openings, for listeners
openings        where a new piece starts: a chorale's first bars, or nothing
prompts         openings, plans and sopranos to complete
best_of         the judge that keeps the best of several chorales
style_costs     what the style of a chorale costs it, and `style_fitting` how much
phrase_ratio    how much more a new phrase is like Bach's than like a model's, and
                `phrase_ratio_fitting` fits it
log_ratio       the same of phrases to a melody, and of whole drafts, and
                `log_ratio_fitting` fits it
fault_costs     what its faults of part-writing cost
"""
