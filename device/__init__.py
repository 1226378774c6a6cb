"""What runs on a board: bundles, reports, runtimes, measuring. Standard library only."""

import sys

if sys.version_info < (3, 10):  # noqa: UP036  a board's Python
    from device.older import apply

    apply()
