"""Messages between the kit and a process in Coqui's Python: a JSON line, then raw samples.

Both sides import this file, so it needs the standard library only. A header is one line of ASCII
JSON; its "bytes" says how many bytes of little-endian float32 samples follow the line.
"""

from __future__ import annotations

import json
from typing import IO, Any

MOST_BYTES = 1 << 28
"""No utterance is longer: 70 minutes at 16 kHz."""
LONGEST_LINE = 1 << 22


def send(stream: IO[bytes], header: dict[str, Any], sound: bytes = b"") -> None:
    """Write one message and flush it."""
    line = json.dumps(header | {"bytes": len(sound)}, allow_nan=False)
    stream.write(line.encode("ascii") + b"\n" + sound)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """The next message: its header without "bytes", and the bytes.

    Raises EOFError where the other side went away, before or within a message, and ValueError for
    what is no message of this protocol.
    """
    line = stream.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise EOFError("the other process went away")
    try:
        header = json.loads(line)
        count = header.pop("bytes")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"no message of the speaking process: {line[:80]!r}") from error
    if type(count) is not int or not 0 <= count <= MOST_BYTES:
        raise ValueError(f"a message of {count!r} bytes: want 0 to {MOST_BYTES}")
    sound = stream.read(count)
    if len(sound) < count:
        raise EOFError("the other process went away within a message")
    return header, sound
