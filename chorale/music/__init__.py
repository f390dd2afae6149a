"""What a chorale is: four voices in time, with keys, chords, spelling and phrases."""
