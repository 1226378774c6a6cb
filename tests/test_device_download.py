"""Downloads over HTTP on the loopback: with ranges and without, cut, wrong, interrupted."""

from __future__ import annotations

import functools
import hashlib
import re
import runpy
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from device.bundle import read_bundle
from device.main import main
from device.zoo import download
from device.zoo.download import Meter, fetch
from device.zoo.source import HttpSource, Lost, Refused, source_of

DATA = bytes(range(256)) * 2000
SHA256 = hashlib.sha256(DATA).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves DATA and writes down what was asked; its attributes spoil the answers."""

    ranges = True
    cut_at: int | None = None
    """Bytes after which each answer breaks off."""
    data = DATA
    extra = b""
    """Sent on top, with a length that admits nothing of it when `silent`."""
    silent = False
    status: int | None = None
    location = ""
    shift = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Any = self.server
        wanted = self.headers.get("Range", "")
        server.asked.append(wanted)
        if server.status:
            self.send_response(server.status)
            self.send_header("Location", server.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body, found = server.data + server.extra, re.fullmatch(r"bytes=(\d+)-", wanted)
        start = int(found[1]) if found and server.ranges else 0
        self.send_response(206 if start else 200)
        if start:
            at = start + server.shift
            self.send_header("Content-Range", f"bytes {at}-{len(body) - 1}/{len(body)}")
        if not server.silent:
            self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        end = len(body) if server.cut_at is None else start + server.cut_at
        self.wfile.write(body[start:end])

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "WAITS_S", (0.0,))
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def get(server: Server, target: Path) -> None:
    source = HttpSource(f"http://127.0.0.1:{server.server_port}")
    fetch(source, "a/file.bin", target, len(DATA), SHA256, Meter(len(DATA)))


@pytest.mark.parametrize("silent", [False, True])
def test_a_whole_file_comes(server: Server, tmp_path: Path, silent: bool) -> None:
    server.silent = silent
    get(server, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == DATA and server.asked == [""]
    get(server, tmp_path / "f")
    assert len(server.asked) == 1, "what is there is not fetched again"


def test_a_cut_connection_goes_on_where_it_broke(server: Server, tmp_path: Path) -> None:
    server.cut_at = 150_000
    get(server, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == DATA
    assert server.asked == ["", "bytes=150000-", "bytes=300000-", "bytes=450000-"]


def test_without_ranges_it_begins_anew_and_gives_up(server: Server, tmp_path: Path) -> None:
    server.ranges, server.cut_at = False, 150_000
    with pytest.raises(Lost, match="ended after 150000 of 512000 bytes"):
        get(server, tmp_path / "f")
    assert [p.name for p in tmp_path.iterdir()] == ["f.part"]
    server.cut_at = None
    get(server, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == DATA and server.asked[-1] == "bytes=150000-"


def test_a_kept_part_is_resumed_and_a_spoilt_one_begun_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(DATA[:1000])
    get(server, tmp_path / "f")
    assert server.asked == ["bytes=1000-"]
    (tmp_path / "g.part").write_bytes(b"?" * 1000)
    get(server, tmp_path / "g")
    assert server.asked[1:] == ["bytes=1000-", ""]
    (tmp_path / "h.part").write_bytes(DATA + b"?")
    get(server, tmp_path / "h")
    for name in "fgh":
        assert (tmp_path / name).read_bytes() == DATA


def test_a_link_in_the_place_of_a_part_is_not_written_through(server: Server,
                                                              tmp_path: Path) -> None:  # fmt: skip
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "f.part").symlink_to(tmp_path / "victim")
    get(server, tmp_path / "f")
    assert (tmp_path / "victim").read_text() == "mine" and not (tmp_path / "f").is_symlink()


@pytest.mark.parametrize("change", [{"data": DATA[:-1] + b"?"}, {"extra": b"?"}, {"data": DATA[:9]},
                                    {"extra": b"?" * 10**6, "silent": True}])  # fmt: skip
def test_wrong_bytes_are_refused_and_removed(server: Server, tmp_path: Path,
                                             change: dict[str, Any]) -> None:  # fmt: skip
    for key, value in change.items():
        setattr(server, key, value)
    with pytest.raises(Refused):
        get(server, tmp_path / "f")
    assert list(tmp_path.iterdir()) == []


def test_another_part_than_asked_is_refused(server: Server, tmp_path: Path) -> None:
    (tmp_path / "f.part").write_bytes(DATA[:1000])
    server.shift = 1
    with pytest.raises(Refused, match="another part"):
        get(server, tmp_path / "f")


@pytest.mark.parametrize(
    ("status", "kind"), [(404, RuntimeError), (403, RuntimeError), (503, Lost)]
)
def test_an_error_of_the_server_is_one_line(server: Server, tmp_path: Path, status: int,
                                            kind: type[Exception]) -> None:  # fmt: skip
    server.status = status
    with pytest.raises(kind, match=f"answers {status}") as caught:
        get(server, tmp_path / "f")
    assert "\n" not in str(caught.value) and not (tmp_path / "f").exists()


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_redirect_leads_nowhere_else(server: Server, tmp_path: Path, location: str) -> None:
    server.status, server.location = 302, location
    with pytest.raises((Refused, RuntimeError)):
        get(server, tmp_path / "f")
    assert not (tmp_path / "f").exists()


def test_https_is_never_left_for_http() -> None:
    from urllib.request import Request

    from device.zoo.source import _Redirects

    there = Request("https://example.org/a")
    with pytest.raises(Refused, match="not https"):
        _Redirects().redirect_request(there, None, 302, "", {}, "http://example.org/a")
    assert _Redirects().redirect_request(there, None, 302, "", {}, "https://example.org/b")


def test_interrupted_it_keeps_what_came(server: Server, tmp_path: Path) -> None:
    class Impatient(Meter):
        def add(self, count: int, *, fresh: bool = True) -> None:
            super().add(count, fresh=fresh)
            if self.done > 100_000:
                raise KeyboardInterrupt

    source = HttpSource(f"http://127.0.0.1:{server.server_port}")
    with pytest.raises(KeyboardInterrupt):
        fetch(source, "f", tmp_path / "f", len(DATA), SHA256, Impatient(len(DATA)))
    kept = (tmp_path / "f.part").stat().st_size
    assert kept > 100_000 and not (tmp_path / "f").exists()
    get(server, tmp_path / "f")
    assert server.asked[-1] == f"bytes={kept}-"


def test_a_server_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                    capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert main(["models", "--registry", "http://127.0.0.1:9"]) == 1
    assert "refused" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["ftp://x", "file:///etc", "http://", "https://a:b@c", "nowhere",
                                   "https://c/?x=1"])  # fmt: skip
def test_what_is_no_registry_is_said(place: str) -> None:
    with pytest.raises(ValueError, match="--registry"):
        source_of(place)


def test_the_meter_says_share_rate_and_time_left() -> None:
    meter = Meter(4 << 20)
    meter.label = "model.onnx"
    meter.add(1 << 20, fresh=False)
    meter.add(1 << 20)
    assert meter.text(2.0) == "model.onnx  50 %, 2.0 MiB of 4.0 MiB, 512.0 KiB/s, 4 s left"


def test_a_registry_behind_a_web_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole path with the standard library's server, which knows no ranges."""
    make_bundle = runpy.run_path(str(Path(__file__).with_name("test_device_registry.py")))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    make_bundle["make_bundle"](tmp_path / "b")
    assert main(["publish", "--new-key", "key"]) == 0
    assert main(["publish", "b", "--registry", "reg", "--key", "key"]) == 0

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path / "reg"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        place = f"http://127.0.0.1:{server.server_port}/"
        assert main(["pull", "kws", "--registry", place]) == 2
        assert main(["pull", "kws", "--registry", place, "--trust", "key.pub"]) == 0
        assert main(["pull", "kws@7.0.0", "--registry", place]) == 2
        server.shutdown()
    assert read_bundle(tmp_path / "kws") == read_bundle(tmp_path / "b")


def test_a_lost_pull_is_taken_up_and_a_strange_folder_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = runpy.run_path(str(Path(__file__).with_name("test_device_registry.py")))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    made["make_bundle"](tmp_path / "b")
    assert main(["publish", "--new-key", "key"]) == 0
    assert main(["publish", "b", "--registry", "reg", "--key", "key"]) == 0
    words = ["pull", "kws", "--registry", "reg", "--trust", "key.pub"]

    def lost(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("device.zoo.pull.read_bundle", lost)
        assert main(words) == 130
    part = tmp_path / "kws.part"
    assert (part / "tiny.c").is_file() and not (tmp_path / "kws").exists()
    (part / "stray").write_text("of another version")
    (part / "way").symlink_to(tmp_path)
    assert main(words) == 0
    assert sorted(p.name for p in (tmp_path / "kws").iterdir()) == [
        "MODEL_CARD.md", "manifest.json", "tiny.c"]  # fmt: skip
    (tmp_path / "x.part").mkdir()
    (tmp_path / "x.part" / "mine").write_text("keep")
    assert main([*words, "--out", "x"]) == 2
    assert (tmp_path / "x.part" / "mine").read_text() == "keep"
