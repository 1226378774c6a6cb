"""Colours of one resolution: 1 x 1 modulated convolution, bias, and the doubled image before."""
