"""The error of this package."""


class ExportError(RuntimeError):
    """An export that would give a wrong file; one line names the file and by how much.

    A RuntimeError, because the call was right and the work failed (exit status 1); wrong use is
    a ValueError (exit status 2).
    """
