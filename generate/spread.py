"""Shards of one data set made by several commands, on one machine or many."""

from __future__ import annotations

import re
from dataclasses import MISSING, asdict, fields

from generate.presets import PRESETS, Options
from generate.shard_names import missing_shards
from generate.store import Location


def chosen(text: str, n_shards: int) -> range:
    """Numbers of the shards `5:10` (5 to 9), `5`, `5:`, `:10`; empty is all. ValueError if none."""
    if not text:
        return range(n_shards)
    found = re.fullmatch(r"(\d*)(:?)(\d*)", text)
    if not found or not (found[1] or found[3]):
        raise ValueError(f"--shards {text}: want a number, or two as in 5:10, which is 5 to 9")
    first = int(found[1] or 0)
    end = int(found[3] or n_shards) if found[2] else first + 1
    if not first < end <= n_shards:
        raise ValueError(f"--shards {text}: there are {n_shards}, 0:{n_shards}")
    return range(first, end)


def check_all_there(out: Location, n_shards: int) -> None:
    """ValueError that names the first shards that are missing, if some are."""
    absent = missing_shards(out, n_shards)
    if absent:
        first = absent[0]
        run = next((i for i, number in enumerate(absent) if number != first + i), len(absent))
        raise ValueError(f"{out}: {len(absent)} of {n_shards} shards are missing; the first: "
                         f"--shards {first}:{first + run}")  # fmt: skip


def as_words(options: Options) -> list[str]:
    """The command line that gives these options: preset, then what is not its default."""
    name = next(name for name, kind in PRESETS.items() if type(options) is kind)
    given, words = asdict(options), [name]
    for field in fields(options):
        value, flag = given[field.name], field.name.replace("_", "-")
        if field.default is not MISSING and value == field.default:
            continue
        if isinstance(value, bool):
            words.append(f"--{'' if value else 'no-'}{flag}")
        elif isinstance(value, (tuple, list)):
            words += [f"--{flag}", *map(str, value)]
        else:
            words.append(f"--{flag}={value}")
    return words
