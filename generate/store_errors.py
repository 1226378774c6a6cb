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
NO_RANGE = ("InvalidRange", "416")
OUT_OF_REACH = (ConnectionError, TimeoutError)
PASSING = re.compile("Connect|Timeout|HTTPClient|Closed|Streaming|Incomplete|Checksum|Payload")
"""In the names of errors of botocore and aiohttp that another try may not meet."""
NUMBERS = (errno.EBUSY, errno.EIO, getattr(errno, "EREMOTEIO", errno.EIO), errno.EAGAIN)
"""As s3fs gives them to answers such as 500, 503 and SlowDown."""
DENIED = ("credentials", "SignatureDoesNotMatch", "AccessDenied", "Forbidden")
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


def passes(error: Exception) -> bool:
    """Whether another try may do better."""
    if isinstance(error, OUT_OF_REACH):
        return True
    if isinstance(error, OSError) and error.errno:
        return error.errno in NUMBERS
    return bool(PASSING.search(type(error).__name__))


def code_of(error: Exception) -> str:
    """What S3 calls the error, which s3fs puts into words; empty where it is none of S3's."""
    for one in (error, error.__cause__):
        answer = getattr(one, "response", None)
        if isinstance(answer, dict):
            return str(answer.get("Error", {}).get("Code", ""))
    return ""


def plain(error: Exception, url: str) -> OSError:
    """One line that says what went wrong where, and what to do."""
    short = _short(error)
    if isinstance(error, FileNotFoundError):
        said = NO_BUCKET if code_of(error) == "NoSuchBucket" else "not in the store"
        return FileNotFoundError(errno.ENOENT, said, url)
    if isinstance(error, PermissionError) or any(word in short for word in DENIED):
        said = f"the store denies it ({short}); check credentials and rights"
        return PermissionError(errno.EACCES, said, url)
    if isinstance(error, OUT_OF_REACH) or PASSING.search(type(error).__name__):
        said = f"cannot reach the store ({short}); check AWS_ENDPOINT_URL and the network"
        return OSError(errno.EHOSTUNREACH, said, url)
    number = error.errno if isinstance(error, OSError) and error.errno else errno.EIO
    return OSError(number, f"the store does not do it ({short})", url)


def _short(error: Exception) -> str:
    """The error's own words on one line, without those that say only where."""
    text = getattr(error, "strerror", "") or str(error) or type(error).__name__
    text = re.sub(r"(endpoint URL: \"[^\"]*?://[^/\"]*)[^\"]*", r"\1", " ".join(text.split()))
    return without_secrets(text)[:200]
