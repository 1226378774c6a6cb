"""What stores answer when they fail: how long to try again, and one line for people."""

from __future__ import annotations

import errno
import itertools
import re
import time
from collections.abc import Iterator

from device.redact import without_secrets

PATIENCE_S = 60.0
"""For a store that has answered before."""
MOST_WAIT_S = 8.0
"""Longest time between two tries."""
EXISTS = ("PreconditionFailed", "ConditionalRequestConflict")
"""What S3 answers to a writer that comes second."""
LIBRARIES = ("botocore", "aiobotocore", "aiohttp")
OUT_OF_REACH = (ConnectionError, TimeoutError)
DENIED = ("credentials", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "Forbidden")
LASTING = (*DENIED, "NoSuchBucket", "NotImplemented", "NoCredentials", "InvalidBucketName")
NO_BUCKET = "no such bucket in the store; make it first"


def waits() -> Iterator[float | None]:
    """Seconds before each further try; None when patience has ended."""
    end = time.monotonic() + PATIENCE_S
    for number in itertools.count():
        wait_s = min(2.0**number, MOST_WAIT_S)
        if time.monotonic() + wait_s > end:
            break
        yield wait_s
    yield None


def is_lasting(error: Exception) -> bool:
    """Whether another try will do no better."""
    if isinstance(error, PermissionError | FileExistsError | ValueError | TypeError | KeyError):
        return True
    named = type(error).__name__ + str(error)
    return any(word in named for word in (*LASTING, *EXISTS))


def plain(error: Exception, url: str) -> OSError:
    """One line that says what went wrong where, and what to do."""
    short = _short(error)
    if isinstance(error, FileNotFoundError):
        bucket = "bucket" in short and "exist" in short
        return FileNotFoundError(errno.ENOENT, NO_BUCKET if bucket else "not in the store", url)
    if isinstance(error, PermissionError) or any(word in short for word in DENIED):
        said = f"the store denies it ({short}); check credentials and rights"
        return PermissionError(errno.EACCES, said, url)
    if type(error).__module__.startswith(LIBRARIES) or isinstance(error, OUT_OF_REACH):
        said = f"cannot reach the store ({short}); check AWS_ENDPOINT_URL and the network"
        return OSError(errno.EHOSTUNREACH, said, url)
    number = error.errno if isinstance(error, OSError) and error.errno else errno.EIO
    return OSError(number, f"the store does not do it ({short})", url)


def _short(error: Exception) -> str:
    """The error's own words on one line, without those that say only where."""
    text = getattr(error, "strerror", "") or str(error) or type(error).__name__
    text = re.sub(r"(endpoint URL: \"[^\"]*?://[^/\"]*)[^\"]*", r"\1", " ".join(text.split()))
    return without_secrets(text)[:200]
