"""3 x 3 convolution by Winograd's minimal filtering F(4 x 4, 3 x 3), epilogue in its last step."""
