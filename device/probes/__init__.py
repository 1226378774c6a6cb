"""What the board says about itself. Every probe takes the root of the file tree, for tests."""
