"""Which bytes of which shards to read for some clips: near members in one piece, within limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

MOST_BYTES = 16 << 20
"""Of a piece, unless one clip is longer."""
GAP_BYTES = 1 << 20
"""Read though not wanted, rather than asked for around: a request to S3 takes some 30 ms, in which
a node receives about as much."""


@dataclass
class Span:
    """A piece of a shard with the wanted members of some clips."""

    shard: str
    offset: int
    end: int
    rows: list[dict[str, Any]] = field(repr=False)
    """Of index.jsonl."""

    @property
    def size(self) -> int:
        """Bytes."""
        return self.end - self.offset


def spans(rows: Iterable[dict[str, Any]], suffixes: Iterable[str]) -> Iterator[Span]:
    """Pieces in the order of the rows; a row without such members has an empty place."""
    wanted = set(suffixes)
    span: Span | None = None
    for row in rows:
        places = [row["members"][suffix] for suffix in wanted & row["members"].keys()]
        offset = min((offset for offset, _ in places), default=0)
        end = max((offset + size for offset, size in places), default=0)
        if span and _joins(span, row["shard"], offset, end):
            span.end = max(span.end, end)
            span.rows.append(row)
            continue
        if span:
            yield span
        span = Span(row["shard"], offset, end, [row])
    if span:
        yield span


def _joins(span: Span, shard: str, offset: int, end: int) -> bool:
    if shard != span.shard or offset < span.offset:
        return False
    return offset - span.end <= GAP_BYTES and end - span.offset <= MOST_BYTES
