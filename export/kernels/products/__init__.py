"""Many small products of matrices: no packing, because the weights are stored in panels."""
