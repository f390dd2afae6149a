"""MusicXML, written and read.

- `writer`: a choral score on two staves; `marks`: texts at its notes
- `reader`: a file as a written score; `file`: plain or compressed XML; `parts`: one
  part; `values`: numbers, pitches, signatures
"""
