"""3 x 3 modulated convolution and its epilogue as one product of matrices."""
