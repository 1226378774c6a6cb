"""The file operations of a real command below a folder, as strace saw them."""

from __future__ import annotations

import codecs
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from stops_disk import Node, Nodes, Op, apply, copied

ENTRIES = ("link", "linkat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "rmdir",
           "unlink", "unlinkat")  # fmt: skip
SYNCS = ("fsync", "fdatasync")
CALLS = (*ENTRIES, *SYNCS, "openat", "write", "pwrite64", "writev", "ftruncate", "sendfile",
         "copy_file_range", "lseek")  # fmt: skip
WORD = r'"(?:[^"\\]|\\.)*"'


def strace(trace: Path) -> list[str]:
    """Words before a command that is to be recorded."""
    return ["strace", "-f", "-y", "-qq", "-s", "100000000", "--seccomp-bpf", "-o", str(trace),
            "-e", "trace=" + ",".join(CALLS)]  # fmt: skip


class Disk:
    """What a traced command does below `root`: the nodes before it, and its operations."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.before: Nodes = {}
        self.ops: list[Op] = []
        self._offsets: dict[str, int] = defaultdict(int)
        self._counts: dict[tuple[str, str], int] = defaultdict(int)
        self._load(self.root)
        self.now = copied(self.before)

    def _load(self, path: Path) -> int:
        number = len(self.before)
        node = self.before[number] = Node(names={} if path.is_dir() else None)
        if node.names is None:
            node.data += path.read_bytes()
        else:
            node.names |= {child.name: self._load(child) for child in sorted(path.iterdir())}
        return number

    def read(self, trace: Path) -> None:
        """Take the operations from what strace wrote."""
        for thread, name, words, result in _calls(trace):
            self._counts[thread, name] += 1
            if not result.startswith(("-1", "?")):  # `?`: a kill came first
                self._take((name, self._counts[thread, name]), words, result)

    def _take(self, call: tuple[str, int], words: str, result: str) -> None:
        name, first = call[0], len(self.ops)
        paths = [self._inside(path) for path in _paths(name, words, result, self.root)]
        if not any(paths) or (name == "openat" and not paths[0]):
            return
        if name == "openat":
            self._open(call, paths[0], words)
        elif name == "lseek":
            self._offsets[paths[0]] = int(result)
        elif name in SYNCS:
            self._add(Op("sync", self._find(paths[0]), call))
        elif name.startswith("rename"):
            self._move(call, paths)
        elif name.startswith("link"):
            self._add(Op("put", self._find(paths[0]), call, target=self._split(paths[1])))
        elif name.startswith("mkdir"):
            self._make(call, paths[0], folder=True)
        elif name in ("rmdir", "unlink", "unlinkat"):
            self._add(Op("take", self._find(paths[0]), call, source=self._split(paths[0])))
        elif name == "ftruncate":
            size = int(words.rpartition(",")[2])
            self._add(Op("size", self._find(paths[0]), call, size))
        else:
            self._write(call, paths, words, int(result.split()[0]))
        for op in self.ops[first:]:
            apply(self.now, op)

    def _open(self, call: tuple[str, int], path: str, words: str) -> None:
        self._offsets[path] = 0
        if "O_TMPFILE" in words or "(deleted)" in path:
            return
        if self._find(path) < 0 and "O_CREAT" in words:
            self._make(call, path, folder=False)
        elif "O_TRUNC" in words:
            self._add(Op("size", self._find(path), call, 0))
        if "O_APPEND" in words:
            self._offsets[path] = len(self.now[self._find(path)].data)

    def _write(self, call: tuple[str, int], paths: list[str], words: str, count: int) -> None:
        node, path = self._find(paths[0]), paths[0]
        if node < 0 or not count:
            return
        if call[0] in ("sendfile", "copy_file_range"):
            if call[0] == "copy_file_range":
                raise ValueError("copy_file_range is not modelled")
            source = re.search(r", \d+<([^>]*)>, (?:\[(\d+)\]|NULL)", words)
            assert source, words
            start, origin = int(source[2] or 0), self._find(self._inside(source[1]))
            whole = self.now[origin].data if origin >= 0 else Path(source[1]).read_bytes()
            data = bytes(whole[start : start + count])
        else:
            data = b"".join(map(_text, re.findall(WORD, words)))[:count]
        at = int(words.rpartition(",")[2]) if call[0] == "pwrite64" else self._offsets[path]
        self._offsets[path] += len(data) * (call[0] != "pwrite64")
        self._add(Op("write", node, call, at, data))

    def _move(self, call: tuple[str, int], paths: list[str]) -> None:
        source, target = self._split(paths[0]), self._split(paths[1])
        self._add(Op("move", self._find(paths[0]), call, source=source, target=target))
        for path in [path for path in self._offsets if path == paths[0]]:
            self._offsets[paths[1]] = self._offsets.pop(path)

    def _make(self, call: tuple[str, int], path: str, folder: bool) -> None:
        number = len(self.before)
        self.before[number] = Node(names={} if folder else None)
        self.now[number] = Node(names={} if folder else None)
        self._add(Op("put", number, call, target=self._split(path)))

    def _add(self, op: Op) -> None:
        if op.node >= 0:
            self.ops.append(op)

    def _inside(self, path: str) -> str:
        """The path below the root, empty for one elsewhere."""
        plain = os.path.normpath(self.root / path)
        inside = plain.startswith(f"{self.root}{os.sep}") and not path.endswith("(deleted)")
        return os.path.relpath(plain, self.root) if inside or plain == str(self.root) else ""

    def _find(self, path: str) -> int:
        number = 0 if path else -1
        for part in Path(path).parts:
            number = (self.now[number].names or {}).get(part, -1) if number >= 0 else -1
        return number

    def _split(self, path: str) -> tuple[int, str]:
        return self._find(str(Path(path).parent)), Path(path).name


def _calls(trace: Path) -> Iterator[tuple[str, str, str, str]]:
    """(thread, name, words, result) of each call, in the order in which they ended."""
    begun: dict[str, str] = {}
    with open(trace, encoding="latin-1") as file:
        for line in file:
            thread, _, text = line.rstrip("\n").partition(" ")
            text = text.lstrip()
            if text.endswith("<unfinished ...>"):
                begun[thread] = text.removesuffix("<unfinished ...>").rstrip()
                continue
            if text.startswith("<... "):
                text = begun.pop(thread) + text.partition("resumed>")[2]
            found = re.match(r"(\w+)\((.*)\)\s+= (.*)$", text, re.DOTALL)
            if found:
                yield thread, found[1], found[2], found[3]


def _paths(name: str, words: str, result: str, root: Path) -> list[str]:
    """The paths that a call is about."""
    if name == "openat":
        found = re.search(r"<([^>]*)>$", result)
        return [found[1] if found else ""]
    if name in (*SYNCS, "write", "pwrite64", "writev", "ftruncate", "sendfile", "lseek",
                "copy_file_range"):  # fmt: skip
        handle = re.match(r"\d+<(.*?)>(?:\(deleted\))?[,)]?", words)
        gone = "(deleted)" if handle and words[handle.end(1) + 1 :].startswith("(deleted)") else ""
        return [handle[1] + gone if handle else ""]
    pairs = re.findall(rf"(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?({WORD})", words)
    return [str(Path(base or root, _text(word).decode())) for base, word in pairs]


def _text(word: str) -> bytes:
    return codecs.escape_decode(word[1:-1].encode("latin-1"))[0]  # type: ignore[attr-defined]
