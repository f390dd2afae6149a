"""How fast is it on this machine, and how fast could it be?

- `registry`: all measures; a new one is a function in the file of its subject
- `sampling`, `lengths`, `bodies`, `commands`, `learning`, `drawings`: what is measured
- `baselines`, `floor`: what it is compared with
- `stopwatch`, `rounds`: measures in turn; `workers`, `worker`, `launch`: processes
- `results`, `goals`, `machine`: medians with quartiles, ratios, the processor
- `tables`, `pictures`: a report

Importing this loads nothing: the process that starts others has to stay small.
"""
