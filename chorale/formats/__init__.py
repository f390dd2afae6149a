"""How does a chorale come out of a file, and how does it get into one?

- `files`: the table of formats; reads and writes any of them by the ending of a file
- `reading`: the result of reading a file, and what the user says about it
- `midi`, `musicxml`, `abc`, `humdrum`, `mei`, `musescore`: a folder for each format;
  `jsb`: many pieces in one file; `classic_csv`: a row per sixteenth, with optional
  annotations; `audio`, `timbres`: WAV files
- `notation`: how a chorale is written: note values, ties, beams, accidentals, fermatas
- `scores`: a score as written becomes four voices; `parts`: which part is which voice
- `engraving`: scores as SVG and PNG; `display`: what notebooks show and play;
  `web_player`: modules of JavaScript that play pieces in a page
- `places`: bars and beats for messages; `foreign`: what to do with other files
"""
