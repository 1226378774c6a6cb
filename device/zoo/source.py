"""Where the files of a registry are read from: a folder, or a plain web server."""

from __future__ import annotations

import http.client
import os
import re
import stat
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

TIMEOUT_S = 30.0
"""Silence after which a connection counts as lost."""
AGENT = "collodi"


class Refused(RuntimeError):
    """What came is not what was signed; nothing of it is kept."""


class Lost(RuntimeError):
    """The connection failed; asking again may help, and what came is kept."""


class Body(NamedTuple):
    """An open file of a registry."""

    stream: IO[bytes]
    start: int
    """Offset of the first byte that the stream gives."""
    size: int | None
    """Bytes of the whole file, where the source says it."""


class Source(Protocol):
    """A registry's files by their path in it, `/` between."""

    place: str
    """The folder or the URL, for messages and as the name of its pin."""

    def open(self, path: str, start: int) -> Any:
        """Return a context manager of the Body of a file from `start`, or from 0 where it can't."""


class FolderSource:
    """A registry in a folder."""

    def __init__(self, folder: Path) -> None:
        self.place = str(folder.resolve())

    @contextmanager
    def open(self, path: str, start: int) -> Iterator[Body]:
        """Open a plain file; Refused for a pipe or a device, which would never end."""
        full = Path(self.place, *path.split("/"))
        handle = os.open(full, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as stream:
            state = os.fstat(handle)
            if not stat.S_ISREG(state.st_mode):
                raise Refused(f"{full} is no plain file: refused")
            stream.seek(start)
            yield Body(stream, start, state.st_size)


class HttpSource:
    """A registry behind a URL. Proxies come from the environment, certificates from the system."""

    def __init__(self, url: str) -> None:
        self.place = url.rstrip("/")
        self._opener = urllib.request.build_opener(_Redirects)

    @contextmanager
    def open(self, path: str, start: int) -> Iterator[Body]:
        """Ask for a file from byte `start` on (RFC 9110, range requests)."""
        url = f"{self.place}/{urllib.parse.quote(path)}"
        request = urllib.request.Request(url, headers={"User-Agent": AGENT})
        request.add_header("Accept-Encoding", "identity")
        if start:
            request.add_header("Range", f"bytes={start}-")
        with closing(self._ask(request, url)) as answer:
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                raise Refused(f"{url} comes compressed though it was asked for as it is: refused")
            yield _body(answer, start, url)

    def _ask(self, request: urllib.request.Request, url: str) -> Any:
        try:
            return self._opener.open(request, timeout=TIMEOUT_S)
        except urllib.error.HTTPError as error:
            error.close()
            # The server's own words could steer a terminal: its number is enough.
            line = f"{url}: the server answers {error.code} {http.client.responses.get(error.code)}"
            again = error.code >= 500 or error.code in (408, 416, 429)
            raise (Lost if again else RuntimeError)(line) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise Lost(f"{url}: {getattr(reason, 'strerror', None) or reason}") from None


def source_of(place: str) -> Source:
    """Return the source of a folder or an http(s) URL; ValueError where it is neither."""
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", place):
        if not Path(place).is_dir():
            raise ValueError(f"--registry {place} is no folder and no URL (https://...)")
        return FolderSource(Path(place))
    parts = urllib.parse.urlsplit(place)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"--registry {place}: only http:// and https:// URLs, or a folder")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("--registry takes a URL without user, password, '?' and '#'")
    return HttpSource(place)


def read_small(source: Source, path: str, most: int) -> bytes:
    """Return a whole file of at most `most` bytes; Refused where it is longer."""
    with source.open(path, 0) as body:
        data = read_some(body.stream, most + 1, f"{source.place}/{path}")
        while data and len(data) <= most:
            more = read_some(body.stream, most + 1 - len(data), f"{source.place}/{path}")
            if not more:
                break
            data += more
    if len(data) > most:
        raise Refused(f"{source.place}/{path} is longer than {most} bytes: refused")
    return data


def read_some(stream: Any, count: int, where: str) -> bytes:
    """Read what has come, at most `count` bytes, none at the end; Lost where the connection fails.

    stream has `read1`, as buffered files and HTTP answers do.
    """
    try:
        return bytes(stream.read1(count))
    except (OSError, http.client.HTTPException) as error:
        raise Lost(f"{where}: the connection was lost: {error}") from None


def _body(answer: Any, start: int, url: str) -> Body:
    length = answer.headers.get("Content-Length", "")
    size = int(length) if re.fullmatch(r"[0-9]{1,15}", length) else None
    if answer.status != 206:
        return Body(answer, 0, size)
    found = re.fullmatch(
        r"bytes ([0-9]{1,15})-[0-9]{1,15}/([0-9]{1,15}|\*)", answer.headers.get("Content-Range", "")
    )
    if not found or int(found[1]) != start:
        raise Refused(f"{url}: the server sends another part of the file than was asked: refused")
    return Body(answer, start, None if found[2] == "*" else int(found[2]))


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to plain http."""

    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any,
                         newurl: str) -> Any:  # fmt: skip
        scheme = urllib.parse.urlsplit(newurl).scheme
        if scheme != "https" and not (scheme == "http" and req.type == "http"):
            raise Refused(f"{req.full_url} leads to {newurl!a:.200}, which is not https: refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
