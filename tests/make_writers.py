"""A process that makes a tiny data set as `collodi generate` does, its sound its own.

For each line "PLACE LOUDNESS" of its input it makes the data set there, and says "done" or the
error. Two of them with another loudness are as two machines whose pictures differ: equal options,
other bytes.
"""

import runpy
import sys
from pathlib import Path

from generate.dataset_ends import begin, finish, is_done
from generate.shard_names import find_shard, missing_shards, shard_name
from generate.shards import write_shard
from generate.store import locate, prepare, sweep

CLIPS = runpy.run_path(str(Path(__file__).with_name("make_tiny_clips.py")))
SHARDS, OPTIONS = 2, {"words": ["stop"]}


def clips(shard: int, loudness: int):  # type: ignore[no-untyped-def]
    """Two clips of a shard."""
    for number in (2 * shard, 2 * shard + 1):
        clip = CLIPS["word_clip"](number, "stop")
        clip.audio[:] = clip.audio // loudness
        yield clip


def make(place: str, loudness: int) -> None:
    """What generate does with shards that are quick to make."""
    folder = locate(place)
    if is_done(folder, OPTIONS):
        return
    prepare(folder)
    begin(folder, OPTIONS, {"loudness": loudness})
    for number in missing_shards(folder, SHARDS):
        if not find_shard(folder, number):
            write_shard(folder / shard_name(number), clips(number, loudness))
    sweep(folder)
    finish(folder, OPTIONS, {"loudness": loudness}, SHARDS)


if __name__ == "__main__":
    print("ready", flush=True)
    for line in sys.stdin:
        try:
            make(line.split()[0], int(line.split()[1]))
            print("done", flush=True)
        except (OSError, ValueError) as error:
            print(f"error: {error}", flush=True)
