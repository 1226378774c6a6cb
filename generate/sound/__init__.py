"""Where a voice is heard: rooms, noises, microphones, codecs, and long streams of them."""
