"""`collodi generate PRESET --out DATA ...`: make a data set, or go on with one."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, make_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import tyro

from device.files import make_folder
from device.stamp import make_stamp
from generate.dataset_ends import begin, drop_notes, finish, is_done
from generate.engine import run
from generate.engine_ray import Cluster
from generate.options import choose, parse
from generate.presets import PRESETS, Ladder, Options, Stream, Talk, Words
from generate.shard_names import missing_shards
from generate.shards import open_dataset
from generate.slurm import Batch, by_hand, submit, write_scripts
from generate.spread import check_all_there, chosen
from generate.store import Location, locate, prepare, sizes, sweep
from generate.where import Where, check_where

HELP = """usage: collodi generate PRESET --out DATA [options]

presets:
  stills   pictures of children with exact labels, for vision
  places   pictures without a face, for detectors: places, people from behind
  words    spoken words in many voices, for keyword spotting
  talk     talking children: video, sound, labels for every frame
  stream   hours of speech, music and noise in rooms, with the times of keywords
  ladder   the same child along one control at a time, with contact sheets
  gan      faces of a neural generator; see collodi gan

examples:
  collodi generate stills --out data/stills --clips 4000 --seed 1
  collodi generate words --out data/words --words hello "good night" stop
  collodi generate talk --out data/talk --clips 50 --engine pool
  collodi generate stream --out data/stream --hours 10 --keywords-per-minute 0
  collodi generate ladder --out data/ladder --controls age_years emotion
  collodi generate words --out s3://bucket/words --clips 100000
  collodi generate stills --out /shared/stills --clips 1000000 --engine ray --ray-address auto
  collodi generate talk --out /shared/talk --clips 100000 --engine slurm --sbatch time=12:00:00
  collodi generate words --out data/words --shards 0:8      a part of the shards, by hand

`collodi generate PRESET --help` lists the options of a preset."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError where it was used wrongly."""
    if not argv or argv[0] in ("-h", "--help"):
        print(HELP)
        return 0
    if argv[0] == "gan":
        from generate.gan.cli import main as gan  # needs torch

        return gan(["draw", *argv[1:]])
    kind = PRESETS[choose(argv[0], PRESETS, "preset")]
    options, where = _parse(kind, argv[0], argv[1:])
    generate(options, where)
    return 0


def _parse(kind: type[Any], name: str, argv: Sequence[str]) -> tuple[Options, Where]:
    flat = tyro.conf.arg(name="")
    fields = [("where", Annotated[Where, flat]), ("options", Annotated[kind, flat])]
    both: Any = parse(
        make_dataclass("Both", fields), argv, f"collodi generate {name}", kind.__doc__
    )
    return both.options, both.where


def generate(options: Options, where: Where) -> None:
    """Make the data set `where.out`, skipping shards that are finished."""
    from generate.preset_checks import check_options  # draws a picture: help must not load that

    check_options(options)
    check_where(where)
    options = resolved_view(resolved_voices(options), where.elsewhere)
    kept, out = _resolved(options), locate(where.out)
    n_shards = -(-options.clips // options.shard_clips)
    numbers = chosen(where.shards, n_shards)
    if where.dry_run:
        print(f"would make {options.clips} clips in {n_shards} shards in {out}: {kept}")
        return
    if is_done(out, kept):
        drop_notes(out)
        _draw_sheets(options, out)
        print(f"{out}: already there, {options.clips} clips", file=sys.stderr)
        return
    if where.finish:
        check_all_there(out, n_shards)
    _say_first(options, out)
    begun, stamp = time.monotonic(), asdict(make_stamp())
    _prepare(out, where, kept, stamp)
    if where.engine == "slurm":
        _batch(options, where, n_shards)
        return
    todo = [number for number in missing_shards(out, n_shards) if number in numbers]
    clips = sum(min(options.shard_clips, options.clips - n * options.shard_clips) for n in todo)
    _make(options, where, todo, clips)
    if where.shards:
        print(f"{out}: shards {where.shards} of {n_shards} are there")
        return
    finish(out, kept, stamp, n_shards)
    _draw_sheets(options, out)
    seconds = time.monotonic() - begun
    rate = f"{clips / seconds:.1f}/s, " if clips else ""
    print(f"{out}: {options.clips} clips, {rate}{seconds:.0f} s")


def _prepare(out: Location, where: Where, kept: dict[str, Any], stamp: dict[str, Any]) -> None:
    """Begin a data set, or go on; what other commands write there now is left alone."""
    if not where.shards:
        prepare(out)
    elif isinstance(out, Path):
        make_folder(out)
    begin(out, kept, stamp)


def _make(options: Options, where: Where, todo: list[int], clips: int) -> None:
    from generate.make import make_shard

    out = locate(where.out)
    folder = str(out.resolve() if isinstance(out, Path) else out)
    cluster = Cluster(where.cluster, folder, _on_gpu(options, where))
    try:
        job = partial(make_shard, options, folder)
        run(where.engine, job, todo, clips, where.workers, cluster)
    except OSError as error:
        said = f"{error.strerror or error}; finished shards are kept, run again to go on"
        raise OSError(error.errno, said, str(out)) from error
    finally:
        if not where.shards:
            sweep(out)


def _batch(options: Options, where: Where, n_shards: int) -> None:
    """Write the scripts of an array job; submit them, or say how."""
    out, gpu = locate(where.out), _on_gpu(options, where)
    scripts = write_scripts(options, Batch(out, n_shards, where.workers, gpu, where.sbatch))
    print(f"{out}: jobs {submit(*scripts)}" if where.submit else by_hand(*scripts))


def _on_gpu(options: Options, where: Where) -> bool:
    if getattr(options, "view", "") != "gl":
        return False
    from generate.render.gl_driver import is_real, probe

    return where.elsewhere or is_real(probe())


def _draw_sheets(options: Options, out: Location) -> None:
    """The contact sheets of a finished ladder, unless all of them are there."""
    if not isinstance(options, Ladder):
        return
    wanted = {f"{control}.png" for control in options.climbed()}
    if not wanted <= sizes(out / "sheets").keys():
        from generate.ladder import draw_sheets

        draw_sheets(open_dataset(out), options.climbed(), options.steps)
        print(f"{out / 'sheets'}: {len(wanted)} contact sheets")


def _say_first(options: Options, out: Location) -> None:
    kind = type(options).__name__.lower()
    print(f"{out}: {options.clips} {kind}, seed {options.seed}", file=sys.stderr, flush=True)


def resolved_voices(options: Options) -> Options:
    """The options with the engines that will speak named, so that a data set says which did."""
    if not isinstance(options, (Words, Talk, Stream)):
        return options
    from generate.voice.engines import check_engines

    language = options.language if isinstance(options, Words) else "en"
    return replace(options, voices=check_engines(options.voices, language))


def resolved_view(options: Options, elsewhere: bool = False) -> Options:
    """The options with who draws named, so that a data set says which did.

    elsewhere: on other machines, of which this one cannot tell who draws there: numba unless asked.
    """
    if isinstance(options, (Words, Stream)) or not getattr(options, "pictures", True):
        return options
    if elsewhere:
        return replace(options, view="numba") if options.view == "auto" else options
    from generate.render.choose_view import resolve_view

    return replace(options, view=resolve_view(options.view))


def _resolved(options: Options) -> dict[str, Any]:
    """Options as JSON gives them back, so that they compare equal after a restart."""
    name = next(name for name, kind in PRESETS.items() if type(options) is kind)
    return dict(json.loads(json.dumps({"preset": name, **asdict(options)})))
