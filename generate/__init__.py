"""Synthetic speaking children: specs, people, voices, motion, renders, data sets."""
