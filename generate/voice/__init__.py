"""Voices: text to speech with phoneme times, and the transform that makes a voice a child's."""
