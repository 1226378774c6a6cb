"""Converters print progress bars, warnings and log lines; here they keep them to themselves."""

from __future__ import annotations

import io
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import IO

from export.errors import ExportError

TAIL_LINES = 20


@contextmanager
def quiet(step: str) -> Iterator[None]:
    """Hide what libraries write to stdout and stderr, compiled code included.

    An error becomes an ExportError that names `step`; then the last lines that were hidden are
    shown, because compilers explain themselves on stderr only.
    """
    with tempfile.TemporaryFile() as hidden:
        try:
            with _redirected(hidden):
                yield
        except ExportError:
            raise
        except Exception as error:
            hidden.seek(0)
            tail = hidden.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
            print("\n".join(tail), file=sys.stderr)
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ExportError(f"{step} failed: {reason}") from error


@contextmanager
def _redirected(target: IO[bytes]) -> Iterator[None]:
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    text = io.TextIOWrapper(io.FileIO(target.fileno(), "w", closefd=False), write_through=True)
    try:
        os.dup2(target.fileno(), 1)
        os.dup2(target.fileno(), 2)
        with redirect_stdout(text), redirect_stderr(text), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, number)
            os.close(copy)
