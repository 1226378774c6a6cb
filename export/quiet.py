"""Converters print progress bars, warnings and log lines; here they keep them to themselves."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
def captured() -> Iterator[IO[bytes]]:
    """Collect what compiled code writes to stdout and stderr; read the file after the block."""
    with tempfile.TemporaryFile() as hidden:
        with _redirected(hidden):
            yield hidden
        hidden.seek(0)


@contextmanager
def _redirected(target: IO[bytes]) -> Iterator[None]:
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    try:
        os.dup2(target.fileno(), 1)
        os.dup2(target.fileno(), 2)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, number)
            os.close(copy)
