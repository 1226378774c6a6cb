"""Kernels of the generator: one folder an operator, with its reference and its fused forms."""
