"""Which parts of a file are soprano, alto, tenor and bass.

- `choice`: by names, clefs and ranges
- `names`: what a name means; `info`: what is known of a part
"""
