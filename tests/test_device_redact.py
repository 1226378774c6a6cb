"""A secret that is planted in a text, an argument, a URL or the environment does not come out."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.redact import (
    hide_values,
    is_secret_name,
    without_secrets,
)
from device.stamp import shown_command

LETTERS = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
SECRET = st.text(LETTERS, min_size=8, max_size=40).map(lambda text: "Zq9" + text)
PLACES = (
    "https://alice:{}@host.org/data", "s3://{}@bucket/x", "s3://AKIAX:{}/a@bucket/x",
    "simplecache::s3://k:{}@bucket/x", "ssh alice:{}@board", "https://h/x?X-Amz-Signature={}&a=1",
    "https://h/x?token={}", "see https://h/?a=1&key={}.", "--password {}", "--hf-token={}",
    "--api-key '{}'", "AWS_SECRET_ACCESS_KEY={}", "aws_session_token={}", "password: {}",
    '{{"secretAccessKey": "{}"}}'.replace("secretAccessKey", "secret_access_key"),
    "{{'token': '{}'}}", "Authorization: Basic {}", "Bearer {}", "cannot log in (password={})",
    "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----",
)  # fmt: skip


@settings(deadline=None)
@given(SECRET, st.sampled_from(PLACES), st.text("ab .,\n", max_size=5))
def test_a_planted_secret_never_comes_out(secret: str, place: str, around: str) -> None:
    text = f"{around} {place.format(secret)}{around}"
    shown = without_secrets(text)
    assert secret not in shown
    assert without_secrets(shown) == shown
    assert secret not in shown_command(["collodi", text])


@settings(deadline=None)
@given(SECRET)
def test_a_secret_of_the_environment_is_known_wherever_it_stands(secret: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGISTRY_TOKEN", secret)
        assert without_secrets(f"server said: {secret}!") == "server said: ***!"
        assert secret not in " ".join(hide_values([f"x{secret}y"]))


@pytest.mark.parametrize(
    "text",
    [
        "clip-000012.tar: member 'KEY.mp4' is missing", "unknown token: 'foo'",
        "https://host:8080/path@v1/x", "sha256:0123456789abcdef", "bench x --board pi@board",
        "keywords=yes,no", "key=000123", "12:30:01", "train_loss=0.2", "rsync pi@board:/tmp/x",
        "seed 7 --keyword hello", "file.tar has 3 bytes, 4 are signed: refused",
    ],
)  # fmt: skip
def test_other_texts_stay(text: str) -> None:
    assert without_secrets(text) == text


def test_words_after_a_secret_option_are_hidden_whatever_they_hold() -> None:
    assert hide_values(["--password", "two words", "x"]) == ["--password", "***", "x"]
    assert shown_command(["collodi", "x", "--token", "/a b"]) == "collodi x --token '***'"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("AWS_SECRET_ACCESS_KEY", True), ("AWS_ACCESS_KEY_ID", True), ("--api-key", True),
        ("secretAccessKey", True), ("HF_TOKEN", True), ("password", True), ("KEY", False),
        ("keywords", False), ("TOKENIZERS_PARALLELISM", False), ("PWD", False), ("keyboard", False),
    ],
)  # fmt: skip
def test_names_of_secrets(name: str, secret: bool) -> None:
    assert is_secret_name(name) == secret


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("s3://key:sec/ret@bucket/a/b", "s3://bucket/a/b"),
        ("https://u:p@host:81/x?sig=1", "https://host:81/x"),
        ("simplecache::s3://k:w@b/x", "simplecache::s3://b/x"),
        ("out/data", "out/data"), ("C:/x", "C:/x"), ("s3://bucket/x", "s3://bucket/x"),
    ],
)  # fmt: skip
def test_urls_without_secrets_still_find_their_place(url: str, plain: str) -> None:
    assert without_secrets(url) == plain


def test_the_one_line_of_a_failure_holds_no_secret() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import device.main, sys; sys.exit(device.main.main())",
         "models", "--registry", "ftp://bob:hunter22x@host/x"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2 and "ftp://host" in done.stderr
    assert "hunter22x" not in done.stdout + done.stderr
