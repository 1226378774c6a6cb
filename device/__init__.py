"""What runs on a board: bundles, reports, runtimes, measuring. Standard library only."""
