"""What follows every convolution: demodulation, noise, bias, leaky ReLU, in one pass."""
