"""What every benchmark does at its end: print for people, write JSON with the machine's stamp."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from device.stamp import make_stamp


def finish(
    rows: Sequence[Mapping[str, Any]], figures: Mapping[str, float | None], path: Path | None
) -> None:
    """Print the figures; write `{"stamp", "rows", "figures"}` where a path is given."""
    stamp = asdict(make_stamp())
    host = stamp["host"]
    print(f"{host['cpu_model']}, {host['cores']} of its cores, {stamp['created_utc']}")
    for name, value in figures.items():
        print(f"  {name:24s} " + ("null" if value is None else f"{value:10.3f}"))
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        body = {"stamp": stamp, "rows": list(rows), "figures": dict(figures)}
        path.write_text(json.dumps(body, indent=1) + "\n")
