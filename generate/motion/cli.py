"""`collodi motion direct|play|export|import|style|showreel`: words, motion, other programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from device.limits import read_text
from generate.motion.direct_cli import Direct, Play, direct_score, play_file
from generate.options import choose, parse

HELP = """usage: collodi motion COMMAND [options]

  direct   words and a direction to a score, as text to read and edit, and its sound
  play     a score to a CSV of ARKit curves
  export   a clip's motion, or a capture, as ARKit CSV or as an animated glTF head
  import   check a CSV of ARKit curves and write it evenly, in the usual layout
  style    fit a personal style to about ten seconds of a clip or a CSV
  showreel half a minute of people of all ages who talk, laugh, sing and gesture, as a film

examples:
  collodi motion direct "Hello bear!" --out a.score --wav a.wav --direction "shyly, then nods twice"
  collodi motion play a.score --out a.csv
  collodi motion export data/talk --clip 3 --out anna.glb
  collodi motion export data/talk --clip 3 --out anna.csv
  collodi motion export take.csv --out take.glb --age-years 8
  collodi motion import take.csv --out even.csv
  collodi motion style take.csv --out style.json
  collodi motion style data/talk --clip 3 --out anna.json
  collodi motion play a.score --out a-like-anna.csv --style anna.json
  collodi motion export data/talk --clip 3 --out like-take.glb --style style.json
  collodi motion showreel --out out/showreel"""

FORMATS = ("csv", "glb")


@dataclass(frozen=True)
class Export:
    """Write the motion of a clip or a capture for other programs.

    Example: collodi motion export data/talk --clip 3 --out anna.glb
    """

    source: Annotated[Path, tyro.conf.Positional]
    """Folder of a data set, or a CSV of ARKit curves."""
    out: Path
    """The file; its ending says the format."""
    clip: int = 0
    """Number of the clip in a data set."""
    format: str = ""
    """csv or glb, where the ending of --out says neither."""
    style: Path | None = None
    """A style to put on the motion, from `collodi motion style`."""
    age_years: float = 6.0
    """Whose head a capture moves; clips have their own."""
    face_seed: int = 1
    """Which face a capture moves."""
    rate_hz: float | None = None
    """Rate at which a capture's timecodes count frames, where it is too short to show it."""


@dataclass(frozen=True)
class Import:
    """Check a CSV of ARKit curves, say what is in it, and write it evenly with --out.

    Example: collodi motion import take.csv --out even.csv
    """

    source: Annotated[Path, tyro.conf.Positional]
    """The CSV, as Live Link Face and other face-capture apps write it."""
    out: Path | None = None
    """CSV in the usual column order at one steady rate, with OUT.json beside it."""
    rate_hz: float | None = None
    """Rate at which timecodes count frames, where the file is too short to show it."""


@dataclass(frozen=True)
class Fit:
    """Fit a style to about ten seconds of talking, to put on other motion.

    A clip of a data set is fitted against its score, or its phonemes; a CSV by what its curves
    usually mean.

    Example: collodi motion style take.csv --out style.json
    """

    source: Annotated[Path, tyro.conf.Positional]
    """Folder of a data set, or a CSV of ARKit curves."""
    out: Path
    """The style as JSON."""
    clip: int = 0
    """Number of the clip in a data set."""
    score: Path | None = None
    """The score of a CSV that was played from one."""
    rate_hz: float | None = None
    """Rate at which timecodes count frames, where the file is too short to show it."""


@dataclass(frozen=True)
class Showreel:
    """Film half a minute of people of all ages who talk, laugh, sing, feel, look and gesture.

    Writes showreel.mp4 with sound, sheet.jpg, the score of each scene, and scenes.txt with the
    command that makes each scene alone.

    Example: collodi motion showreel --out out/showreel
    """

    out: Path
    """Folder of the film."""
    seed: int = 0
    """Others give the parts to other people."""
    size_px: int = 256
    """Image side, even."""
    rate_hz: float = 25.0
    """Frames a second."""
    voices: tuple[str, ...] = ()
    """Text-to-speech engines: espeak flite festival; empty takes all that are installed."""
    view: str = "auto"
    """Who draws: auto numba gl mitsuba; auto is gl where a GPU has a driver."""


@dataclass(frozen=True)
class Learn:
    """Learn the table by which `style` reads curves that have no score. Maintainers only.

    Example: collodi motion style-table --out generate/motion/data/style.npz
    """

    out: Path
    """The table; the kit's own is generate/motion/data/style.npz."""
    voices: int = 160
    """Voices that say ten seconds each; eight children play each."""


def main(argv: Sequence[str]) -> int:
    """Run the command line; ValueError where it was used wrongly."""
    if not argv or argv[0] in ("-h", "--help"):
        print(HELP)
        return 0
    kind, run = COMMANDS[choose(argv[0], COMMANDS, "command of collodi motion")]
    run(parse(kind, argv[1:], f"collodi motion {argv[0]}", kind.__doc__))
    return 0


def _export(options: Export) -> None:
    from generate.motion.arkit_csv import write_csv
    from generate.motion.player import play_score
    from generate.motion.style import apply_personal, restyled
    from generate.motion.style_json import read_style
    from generate.motion.taken import take

    kind = choose(options.format or options.out.suffix.removeprefix("."), FORMATS, "format")
    person = read_style(options.style) if options.style else None
    found = take(options.source, options.clip, options.rate_hz)
    motion = found.motion
    if person and found.score:
        motion = play_score(restyled(found.score, person), motion.rate_hz, 0, len(motion))
    elif person:
        motion = apply_personal(motion, person)
    if kind == "csv":
        write_csv(options.out, motion, found.about, found.synthetic)
    else:
        _write_head(options, motion, found)
    _say(options.out, motion, found.notes)


def _write_head(options: Export, motion: Any, found: Any) -> None:
    from generate.motion.gesture import HELD_HANDS
    from generate.motion.head_glb import write_glb
    from generate.people.child import Child
    from generate.people.skin import look
    from generate.spec import Person

    person = found.person or Person(age_years=options.age_years, face_seed=options.face_seed)
    if person.held in HELD_HANDS:  # own hands before the face are no part of a head
        person = replace(person, held="none")
    about = {**found.about, "motion_synthetic": found.synthetic}
    write_glb(options.out, Child(person), look(person), motion, about)


def _import(options: Import) -> None:
    from generate.motion.arkit_csv import read_csv, write_csv

    motion, notes, synthetic = read_csv(options.source, options.rate_hz)
    if options.out is not None:
        write_csv(options.out, motion, {"file": options.source.name}, synthetic)
    _say(options.out or options.source, motion, notes)


def _fit(options: Fit) -> None:
    from generate.motion.score_text import from_text
    from generate.motion.style_fit import fit_style
    from generate.motion.style_json import write_style
    from generate.motion.taken import redrawn, take

    found = take(options.source, options.clip, options.rate_hz)
    score, known = found.score, "its score"
    if options.score is not None:
        score, known = from_text(read_text(options.score), options.score.name), "--score"
    if score is None:
        score = redrawn(found.said, len(found.motion) / found.motion.rate_hz)
        known = "its phonemes" if score else "its curves alone"
    person = fit_style(found.motion, score)
    write_style(options.out, person)
    _say(options.out, found.motion, (*found.notes, f"fitted by {known}"))
    print(" ".join(f"{name} {value:.2f}" for name, value in asdict(person.style).items()))


def _showreel(options: Showreel) -> None:
    from generate.motion.showreel import SCENES, make_showreel

    asked = {name: value for name, value in asdict(options).items() if name not in ("out", "seed")}
    scenes = [replace(scene, seed=scene.seed + options.seed, **asked) for scene in SCENES]
    make_showreel(options.out, scenes)
    print(f"{options.out}: showreel.mp4, sheet.jpg, {len(scenes)} scores, scenes.txt")


def _learn(options: Learn) -> None:
    from generate.motion.style_table import learn_table

    learn_table(options.out, options.voices)


def _say(path: Path, motion: Any, notes: Sequence[str]) -> None:
    seconds = len(motion) / motion.rate_hz
    print(f"{path}: {len(motion)} frames at {motion.rate_hz:g} Hz, {seconds:.1f} s")
    for note in notes:
        print(f"  {note}")


COMMANDS: dict[str, tuple[type[Any], Callable[[Any], None]]] = {
    "direct": (Direct, direct_score),
    "play": (Play, play_file),
    "export": (Export, _export),
    "import": (Import, _import),
    "style": (Fit, _fit),
    "showreel": (Showreel, _showreel),
    "style-table": (Learn, _learn),
}
