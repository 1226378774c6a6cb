"""What every fuzzer here shares: hostile values, changes of files, and what a case may not do.

Case N of a kind is a pure function of N: its random stream is seeded by both.
"""

from __future__ import annotations

import copy
import json
import random
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.main import reason

HOSTILE: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**400, 0.5, -0.0, 1e308, -1e308, 5e-324,
    "", "..", "../outside.bin", "/etc/passwd", "a/../../outside.bin", "link", "link/outside.bin",
    "manifest.json", "./tiny.bin", "tiny.bin/", "C:\\x", "\0", "\x1b[2J", "\n", "\ud800",
    "x" * 5000, "-oProxyCommand=touch", "$(touch x)", "`x`", "<script>", "ran", "NaN",
    [], {}, [[]], [None],
)  # fmt: skip
"""What a value is replaced by."""
JUNK = (b"", b"\0", b"\xff", b"\xed\xa0\x80", b"{", b"]", b'"', b",", b"\n", b"9" * 400, b"NaN",
        b"1e999", b"-", b"[" * 3000, b"\\u0000", b"\xd9\xa3", b"=", b"@", b"/", b"mW")  # fmt: skip
"""What bytes are replaced by."""
RUNS = ("exec", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty",
        "subprocess.Popen", "pickle.find_class", "socket.connect", "ctypes.dlopen")  # fmt: skip
TOUCHES = ("open", "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.symlink", "os.link",
           "os.chmod", "os.truncate", "shutil.rmtree")  # fmt: skip
WATCHED = frozenset(RUNS + TOUCHES)
"""Events of sys.addaudithook."""
FROZEN = ("<frozen",)
FREE = ("/proc/cpuinfo",)
"""Libraries look there when they are first used."""
EVALUATORS = ("typing.py", "dataclasses.py")
"""They evaluate our own type hints."""
APART = "fuzz_models.py"
"""It forks the process that a runtime runs in."""
LONGEST_LINE = 1500
"""Characters of an error, of which a path may take most."""
Verdict = tuple[bool, str | None]


def outside_opens() -> Callable[[Path], Any]:
    """Return a context that yields what was done outside a folder: files opened (those of the
    interpreter are free), files changed, programs run, code of a file executed.
    """
    watched: list[tuple[str, list[str]]] = []
    homes = {sys.prefix, sys.base_prefix, *sys.path[1:]}
    own = tuple(str(Path(path).resolve()) for path in homes)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if not watched or event not in WATCHED:
            return
        folder, done = watched[-1]
        if event in RUNS:
            code = getattr(args[0], "co_filename", "") if args else ""
            by = Path(sys._getframe(1).f_code.co_filename).name
            if (event, by) == ("os.fork", APART):
                return
            if event != "exec" or not (str(code).startswith(own + FROZEN) or by in EVALUATORS):
                done.append(f"{event} of {code or args!r:.80}")
        elif isinstance(args[0], (str, bytes)):
            name = args[0] if isinstance(args[0], str) else args[0].decode("utf-8", "replace")
            real = str(Path(name).resolve()) if "\0" not in name else folder
            reads = event == "open" and str(args[1] or "r").startswith("r")
            free = (folder + "/", *own, *FREE) if event == "open" else (folder + "/",)
            if (reads and real.endswith("/outside.bin")) or not (real + "/").startswith(free):
                done.append(f"{event} of {real}")

    sys.addaudithook(hook)

    @contextmanager
    def watch(folder: Path) -> Iterator[list[str]]:
        done: list[str] = []
        watched.append((str(folder.resolve()), done))
        try:
            yield done
        finally:
            watched.pop()

    return watch


def mutated_value(data: Any, rng: random.Random) -> Any:
    """Return JSON values with one of them replaced, removed, renamed, doubled or buried."""
    places: list[tuple[Any, Any]] = []
    left = [data]
    while left:
        value = left.pop()
        if isinstance(value, (dict, list)):
            keys = list(value) if isinstance(value, dict) else range(len(value))
            places += [(value, key) for key in keys]
            left += [value[key] for key in keys]
    if not places:
        return data
    holder, key = rng.choice(places)
    how = rng.randrange(8)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, dict):
        holder[rng.choice(["x", "", "\0", str(key) + "s", "\ud800"])] = holder.pop(key)
    elif how == 2 and isinstance(holder, list):
        holder.append(holder[key])
    elif how == 3:
        other, name = rng.choice(places)
        holder[key] = copy.deepcopy(other[name])
    elif how == 4 and isinstance(holder[key], (int, float)) and abs(holder[key]) < 1e300:
        holder[key] = holder[key] * rng.choice([-1, 0, 2, 1e9, 1e300, 0.5])
    elif how == 5:
        for _ in range(rng.choice([1, 20, 90])):
            holder[key] = [holder[key]]
    else:
        holder[key] = copy.deepcopy(rng.choice(HOSTILE))  # later changes go into it
    return data


def mutated_bytes(raw: bytes, rng: random.Random) -> bytes:
    """Return bytes with pieces flipped, cut, doubled, replaced by junk, or cut off."""
    out = bytearray(raw)
    for _ in range(rng.randint(1, 4)):
        start = rng.randint(0, len(out))
        end = min(len(out), start + rng.choice([0, 1, 1, 3, 40]))
        how = rng.randrange(5)
        if how == 0 and start < len(out):
            out[start] ^= 1 << rng.randrange(8)
        elif how == 1:
            del out[start : rng.choice([end, len(out)])]
        elif how == 2:
            out[start:start] = out[start:end]
        else:
            out[start:end] = rng.choice(JUNK)
    return bytes(out)


def mutated_json(raw: bytes, rng: random.Random) -> bytes:
    """Return a JSON file changed as data, as bytes, or both."""
    if rng.random() < 0.7:
        data = json.loads(raw)
        for _ in range(rng.choice([1, 1, 2, 4])):
            data = mutated_value(data, rng)
        raw = json.dumps(data, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
        if rng.random() < 0.85:
            return raw
    return mutated_bytes(raw, rng)


class Faulty(AssertionError):
    """Something was accepted that should not be, or did not hold."""


def expect(holds: bool, what: str) -> None:
    """Raise Faulty where it does not hold."""
    if not holds:
        raise Faulty(what)


@dataclass(frozen=True)
class Kind:
    """A reader: sound files, how they are damaged, and what reads them."""

    seeds: Callable[[], Sequence[bytes]]
    """Sound files, the same at every call."""
    mutate: Callable[[bytes, random.Random], bytes]
    """One of them, damaged."""
    read: Callable[[Path, bytes], Any]
    """Puts the bytes into an empty folder, beside sound files where some are needed, and reads
    them as the kit does; Faulty where it believed what it should not."""
    readers: tuple[str, ...]
    """What of the kit reads them, for the table in docs/hostile.md."""


def put(place: Path, **files: bytes) -> Path:
    """Write files by name; `__` stands for the dot of a suffix."""
    for name, data in files.items():
        (place / name.replace("__", ".")).write_bytes(data)
    return place


def damaged(kind: Kind, name: str, number: int) -> bytes:
    """The file of a case."""
    rng = random.Random(f"{name} {number}")
    seeds = kind.seeds()
    return kind.mutate(seeds[rng.randrange(len(seeds))], rng)


def judged(run: Callable[[], Any], place: Path, watch: Callable[[Path], Any]) -> Verdict:
    """Return (whether the file was read, what is wrong with the case or None where it is clean)."""
    opened: list[str] = []
    try:
        with watch(place) as opened:
            run()
    except Faulty as error:
        return True, str(error)
    except (ValueError, OSError) as error:
        return False, wrong_line(error) or opened_text(opened)
    except Exception:
        return True, traceback.format_exc(limit=-3).strip().replace("\n", " | ")
    return True, opened_text(opened)


def wrong_line(error: Exception) -> str | None:
    """Return what is wrong with an error as the command line prints it, None where nothing is."""
    line = reason("bench", error)
    if isinstance(error, UnicodeError):
        return f"half a character went through: {error}"
    if not line or "\n" in line or not line.isprintable():
        return f"not one printable line: {line!a}"
    return f"an error of {len(line)} characters" if len(line) > LONGEST_LINE else None


def opened_text(opened: list[str]) -> str | None:
    """Return what is wrong with what was done outside of the folder, None where nothing was."""
    return f"{opened[0]} outside of the folder" if opened else None
