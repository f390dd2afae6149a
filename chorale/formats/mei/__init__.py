"""MEI, the format of the Music Encoding Initiative, read as a written score.

- `reader`: a file to a score; `definitions`: staves, signatures and tempos; `measures`:
  what begins with a bar; `layers`: the notes of a voice in a bar; `values`: pitches,
  durations and signatures
"""
