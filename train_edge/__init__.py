"""Training of compact speech and vision models on synthetic children."""
