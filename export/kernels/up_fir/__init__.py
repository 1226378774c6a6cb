"""Doubling: the nine products of a transposed 3 x 3 kernel -> sum, FIR, epilogue, in one pass."""
