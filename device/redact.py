"""Keeps secrets out of what the kit writes and prints.

A secret is known by its name (`password=`, `--token`, AWS_SECRET_ACCESS_KEY), by its place (before
the @ of a URL), by its form (a key of AWS, a web token, a PEM block), or because the environment
holds it under a secret's name. What is taken away reads `***`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

HIDDEN = "***"
SHORTEST = 6
"""Characters of the shortest value in the environment that is looked for in texts."""

_WORD = (
    r"pass(?:word|wd|phrase)|secrets?|tokens?|credentials?|authorization|"
    r"(?:api|access|secret|private|account|session|encryption)[_-]?key(?:[_-]?id)?|"
    r"(?:access|secret)[_-]key"
)
_NAME = rf"(?:[A-Za-z0-9]+[_-])*(?:{_WORD})(?:[_-][A-Za-z0-9]+)*"
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_VALUE = r"(?![\"']?\*{3})(\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s\"'&,;)}\]]+)"
_RULES = (
    # A PEM block, to its end or to the end of the text.
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", HIDDEN),
    # scheme://user:word@host; a word may hold slashes, unless it is a port. Paths fold // into /.
    (r"(\w:/{1,2})[^\s/@\"':]*:(?!\d{1,5}/)[^\s@\"']*@(?=[^\s@/])", r"\1"),
    (r"(\w:/{1,2})[^\s/\"'?#]*@", r"\1"),
    (r"(\w://[^\s?'\"]*)\?[^\s'\"]*", r"\1"),  # a query may be a signature
    (r"(?<![\w/.@-])[\w.+-]+:[^\s@/\"':=]+@(?=[\w.-]+)", f"{HIDDEN}@"),
    (
        r"(?i)\b((?:proxy-)?authorization[\"']?\s*[:=](?![\"'\s]*\*{3})\s*[\"']?)[^\"'\r\n]+",
        rf"\1{HIDDEN}",
    ),
    (r"(?i)\b(bearer|basic) +[A-Za-z0-9+/=._~-]{8,}", rf"\1 {HIDDEN}"),
    (rf"(?i)(--{_NAME}(?:=|\s+)){_VALUE}", rf"\1{HIDDEN}"),
    (rf"(?i)(?<![\w-])({_NAME}=){_VALUE}", rf"\1{HIDDEN}"),
    (rf"(?i)([\"']{_NAME}[\"']\s*:\s*){_VALUE}", rf'\1"{HIDDEN}"'),
    (rf"(?i)\b((?:{_NAME}[_-])?pass(?:word|wd|phrase)\s*:\s*){_VALUE}", rf"\1{HIDDEN}"),
    # Keys of AWS, tokens of GitHub, GitLab, Hugging Face and Slack, JSON web tokens (RFC 7519).
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", HIDDEN),
    (r"\b(?:gh[pousr]_|github_pat_|glpat-|hf_|xox[a-z]-|sk-)[A-Za-z0-9_-]{16,}", HIDDEN),
    (r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", HIDDEN),
)
_COMPILED = tuple((re.compile(pattern), put) for pattern, put in _RULES)


def without_secrets(text: str) -> str:
    """Return `text` with secrets as `***`, and URLs without user and query, so that they still find
    their place; a second pass changes nothing.
    """
    for value in _environment():
        text = text.replace(value, HIDDEN)
    for pattern, put in _COMPILED:
        text = pattern.sub(put, text)
    return text


def is_secret_name(name: str) -> bool:
    """Return whether a value under this name is a secret: api_key, awsSecretAccessKey, --token."""
    return bool(_SECRET_NAME.fullmatch(_CAMEL.sub("_", name.strip("-"))))


def hide_values(argv: Sequence[str]) -> list[str]:
    """Return arguments of a command line, the words after `--password` and the like as `***`."""
    shown, hide = [], False
    for word in argv:
        shown.append(HIDDEN if hide else without_secrets(word))
        hide = word.startswith("-") and is_secret_name(word)
    return shown


def _environment() -> list[str]:
    """Values of the environment's secrets, longest first; no paths, which name files of secrets."""
    found = {
        value
        for name, value in os.environ.items()
        if len(value) >= SHORTEST
        and is_secret_name(name)
        and not value.isdigit()
        and not Path(value).exists()
    }
    return sorted(found, key=len, reverse=True)
