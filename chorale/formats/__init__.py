"""How does a chorale come out of a file, and how does it get into one?

- files: the table of formats; reads and writes any of them by the ending of a file
- foreign: what to do with files of other programs
- reading: the result of reading a file, and what the user says about it
- written_score: a score as written, the result of reading a notation
- classic_csv: one row per sixteenth, with optional annotations
- midi: MIDI notes, velocities and programs; midi_meta: tempo, key and time signatures
- quantization: performed MIDI notes on the grid of sixteenths
- part_choice: which parts are the four voices; part_names: what names of parts say
- voice_separation: four voices from tracks, channels or chords
- musicxml: writes MusicXML; notation: note values, ties, beams, accidentals, fermatas
- score_reader: a written score on the grid; staff_voices: the voices on a staff;
  score_notes: notes, rests and ties of scores
- music21_scores: scores read with music21
- abc: reads ABC; abc_text: the tunes of a file; abc_tunes: a tune; abc_music: a line;
  abc_tokens: its tokens; abc_voices: a voice; abc_events: its notes; abc_lyrics: its
  syllables; abc_fields: key, metre, tempo, clef; abc_remarks: what is left out
- audio: WAV, played by a synthesized organ
"""
