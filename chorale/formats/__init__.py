"""How does a chorale come out of a file, and how does it get into one?

- files: the table of formats; reads and writes any of them by the ending of a file
- foreign: what to do with files of other programs
- reading: the result of reading a file, and what the user says about it
- written_score: a score as written, the result of reading a notation
- classic_csv: one row per sixteenth, with optional annotations
- midi: reads and writes MIDI files; midi_conductor: title, tempo, key and metre as
  written; midi_meta: as read; midi_events: their bytes; midi_tracks: their parts;
  midi_lyrics: their words;
  midi_voices: their voices
- grid_estimation: the tempo of a performance; quantization: its notes on the grid of
  sixteenths; note_lengths: their lengths; voice_separation: several voices on one track
- part_choice: which parts are the four voices; part_names: what names of parts say;
  part_info: how messages name parts; places: bars and beats in messages
- musicxml: writes MusicXML; notation: note values, ties, beams, accidentals, fermatas
- musicxml_reader: reads MusicXML; musicxml_file: the XML, plain or compressed, bounded;
  musicxml_parts: the measures of a part; musicxml_values: numbers, pitches, metres
- score_reader: a written score on the grid; staff_voices: the voices on a staff;
  score_notes: notes, rests and ties of scores
- abc: reads ABC; abc_text: the tunes of a file; abc_tunes: a tune; abc_music: a line;
  abc_tokens: its tokens; abc_voices: a voice; abc_events: its notes; abc_bars: bars of
  all voices; abc_lyrics: syllables; abc_fields: key, metre, tempo, clef; abc_remarks:
  what is left out
- audio: WAV, played by synthesized instruments; timbres: their spectra and envelopes
"""
