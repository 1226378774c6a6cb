"""Convolutions of the generator in int8, for processors that multiply bytes by fours (VNNI)."""
