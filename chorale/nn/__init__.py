"""What any network is: how it carries time, learns, is stored, and runs without Keras.

Nothing here knows of music or drawings."""
