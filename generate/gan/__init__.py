"""StyleGAN2 with controls of a child: networks, training, import, edits. Needs torch."""
