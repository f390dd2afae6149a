"""ABC notation, read as a written score.

- `reader`: a file to a score; `text`: its tunes and lines; `fields`: key, metre, tempo,
  voice; `tunes`: header and voices of a tune
- `music`, `tokens`: a line of music and its tokens; `voices`, `bars`, `events`: one
  voice, its bars and notes; `lyrics`: its syllables
- `remarks`: what is left out or guessed
"""
