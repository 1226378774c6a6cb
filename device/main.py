"""`collodi`: finds the command by name and loads only what that command needs."""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

from device.args import one_line
from device.redact import without_secrets

PACKAGES = ("device", "generate", "train_edge", "export")


class Command(NamedTuple):
    """One line of the table of commands."""

    target: str
    """`module:function`; the function takes the arguments and returns an exit status or None."""
    extra: str
    """The pip extra that brings what the command imports."""
    help: str
    """One line for `collodi --help`."""


COMMANDS = {
    "quickstart": Command(
        "export.quickstart:main", "export", "the whole chain at toy size, with a report"
    ),
    "generate": Command("generate.cli:main", "generate", "make clips of synthetic children"),
    "inspect": Command("generate.inspect_cli:main", "generate", "look at a data set: counts, page"),
    "train": Command("train_edge.cli:main", "train", "train a compact model on a data set"),
    "evaluate": Command(
        "train_edge.evaluate_cli:main", "train", "test a model on clips or on real recordings"
    ),
    "transfer": Command(
        "train_edge.transfer_cli:main", "train", "compare synthetic with real training"
    ),
    "export": Command("export.cli:main", "export", "turn a run into a bundle for boards"),
    "release": Command("export.release:main", "export", "make a bundle of the zoo from nothing"),
    "tune": Command("export.tune_cli:main", "export", "set a bundle's thresholds on other sounds"),
    "listen": Command("device.listen_cli:main", "run", "hear a bundle's keywords in a sound"),
    "samples": Command(
        "export.samples:main", "export", "what a bundle should answer, for bench --samples"
    ),
    "bench": Command("device.bench_cli:main", "run", "measure a bundle on this board"),
    "energy": Command(
        "device.energy_cli:main", "run", "add an external power meter's samples to a report"
    ),
    "boards": Command("device.boards_cli:main", "run", "list boards, check one, show a dry run"),
    "voice": Command(
        "generate.voice.cli:main", "generate", "list voices, make a corpus, teach a Coqui voice"
    ),
    "motion": Command(
        "generate.motion.cli:main", "generate", "exchange motion: ARKit CSV, animated glTF, style"
    ),
    "gan": Command("generate.gan.cli:main", "train", "a neural generator: import, train, edit"),
    "provenance": Command(
        "generate.provenance_cli:main", "generate", "what files say of where they are from; sign"
    ),
    "models": Command("device.zoo.cli:models", "run", "list the bundles of the kit or a registry"),
    "pull": Command("device.zoo.cli:pull", "run", "fetch a bundle, checked, also as firmware"),
    "publish": Command("device.zoo.publish_cli:main", "run", "sign a bundle into a registry"),
    "bake": Command("generate.people.bake:main", "bake", "rebuild the head (maintainers)"),
}
SPECIAL_EXTRAS = {"anny": "bake", "ray": "ray", "tensorrt": "tensorrt", "TTS": "tts",
                  "cryptography": "registry", "fsspec": "s3", "s3fs": "s3",
                  "c2pa": "c2pa"}  # fmt: skip
"""Libraries that another extra brings than that of the command."""


TOGETHER = ("train", "gan train")
"""What processes that torchrun starts do together; anything else each would do once."""
LONGEST = 1200
"""Characters of an error's line; two paths fit in."""


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns 0 done, 1 failed, 2 wrong use, 130 interrupted.

    A failure prints one line; `--debug` or COLLODI_DEBUG=1 shows where it came from.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    debug = os.environ.get("COLLODI_DEBUG", "") not in ("", "0") or "--debug" in words
    words = [word for word in words if word != "--debug"]
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage(), end="", file=sys.stdout if words else sys.stderr)
        return 0 if words else 2
    if words[0] in ("-V", "--version"):
        from device.version import VERSION

        print(f"collodi {VERSION}")
        return 0
    if words[0] not in COMMANDS:
        from device.strict import nearest

        hint = nearest(words[0], COMMANDS) or "; see collodi --help"
        return _fail(f"collodi: no command '{words[0]}'{hint}", 2)
    return _run(words[0], words[1:], debug)


def usage() -> str:
    """Return the text of `collodi --help`."""
    rows = "".join(f"  {name:<12}{command.help}\n" for name, command in COMMANDS.items())
    return (
        "usage: collodi COMMAND ...\n\n"
        "Makes synthetic speaking children, trains a toy's models on them, proves them on boards.\n"
        f"\n{rows}\n"
        "collodi COMMAND --help     options and examples of one command\n"
        "collodi --version          version of the kit\n"
        "--debug, COLLODI_DEBUG=1   show the whole traceback of a failure\n"
    )


def _run(name: str, argv: list[str], debug: bool) -> int:
    from importlib import import_module

    module, function = COMMANDS[name].target.split(":")
    try:
        _check_together(name, argv)
        status = getattr(import_module(module), function)(argv)
        sys.stdout.flush()
        return int(status or 0)
    except BrokenPipeError:  # the reader of stdout, such as head, went away
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        if debug:
            raise
        return _fail(f"collodi {name}: interrupted", 130)
    except (ValueError, OSError, RuntimeError, MemoryError, ModuleNotFoundError) as error:
        if debug:
            raise
        return _fail(f"collodi {name}: {reason(name, error)}", _status(error))


def _check_together(name: str, argv: list[str]) -> None:
    size = os.environ.get("WORLD_SIZE") or "1"
    if size != "1" and not {name, " ".join([name, *argv[:1]])} & set(TOGETHER):
        raise ValueError(
            f"runs as one process, WORLD_SIZE is {size!r}: start it without torchrun, "
            f"which is for collodi {' and collodi '.join(TOGETHER)}"
        )


def _status(error: Exception) -> int:
    """Return 2 where the user can put it right by calling differently, else 1."""
    return 2 if isinstance(error, ValueError) else 1


def reason(name: str, error: Exception) -> str:
    """Return the one line of a failure, without passwords in URLs and escapes for a terminal; of a
    long quotation from a file its middle is left out.
    """
    line = without_secrets(one_line(_reason(name, error)))
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]} ... {line[-LONGEST // 3 :]}"


def _reason(name: str, error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return _missing(name, (error.name or "").split(".")[0], str(error))
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return error.strerror + where
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return f"out of memory{': ' if text else ''}{text}"
    return text or type(error).__name__


def _missing(name: str, library: str, text: str) -> str:
    if library in PACKAGES:
        return f"this installation lacks a part of the kit ({text}): install collodi again"
    extra = SPECIAL_EXTRAS.get(library, COMMANDS[name].extra)
    return f"needs '{library}', which is not installed: pip install 'collodi[{extra}]'"


def _fail(line: str, status: int) -> int:
    """Print the line; what it quotes from a file may not steer the terminal."""
    print(one_line(line), file=sys.stderr)
    return status
