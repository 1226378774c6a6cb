"""What a voice can say: letters of its language's script, words that are words, at most a page.

The scripts are those of the languages that espeak-ng 1.52 speaks; Unicode names a character's
script in the first word of its name (CYRILLIC SMALL LETTER A).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_TEXT = 2000
_SCRIPT_LANGUAGES = {
    "CYRILLIC": "ru ru-lv ru-cl uk be bg mk sr kk ky tt ba cv nog",
    "GREEK": "el grc",
    "ARABIC": "ar fa ur sd ug",
    "HEBREW": "he",
    "DEVANAGARI": "hi mr ne kok",
    "BENGALI": "bn bpy as",
    "GURMUKHI": "pa",
    "GUJARATI": "gu",
    "ORIYA": "or",
    "TAMIL": "ta",
    "TELUGU": "te",
    "KANNADA": "kn",
    "MALAYALAM": "ml",
    "SINHALA": "si",
    "THAI": "th",
    "MYANMAR": "my shn",
    "GEORGIAN": "ka",
    "ETHIOPIC": "am ti",
    "ARMENIAN": "hy hyw",
    "HANGUL": "ko",
    "CJK": "cmn yue hak",
    "CHEROKEE": "chr",
}
_SCRIPTS = {name: script for script, names in _SCRIPT_LANGUAGES.items() for name in names.split()}
_MARKS = re.compile(r"[0-9 \n\t.,;:!?'’\"()&%+$£€/…–—-]")
_PHONEMES = re.compile(r"\[\[(.*?)\]\]")
_VOWELLESS = frozenset({"mr", "mrs", "ms", "dr", "tv", "cd", "dvd", "hm", "hmm", "mm", "sh", "shh"})
_VOWEL = re.compile(r"[aeiouyÀ-ɏ0-9]", re.IGNORECASE)


def scripts_of(language: str) -> frozenset[str]:
    """The scripts that a language is written in, by Unicode's names; Latin where none is listed."""
    if language == "ja":
        return frozenset({"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"})  # it spells characters out
    return frozenset({_SCRIPTS.get(language, "LATIN")})


@lru_cache(maxsize=4096)
def check_text(text: str, language: str = "en") -> None:
    """Raise ValueError unless a voice of `language` can say `text`; [[...]] holds mnemonics."""
    if not text.strip():
        raise ValueError("the text to say is empty")
    if len(text) > MAX_TEXT:
        raise ValueError(f"the text has {len(text)} characters; at most {MAX_TEXT} can be said")
    plain = unicodedata.normalize("NFC", _PHONEMES.sub(" ", text))
    english = language.split("-")[0] == "en"
    who = "an English voice" if english else f"a voice of {language!r}"
    for character in plain:
        known = script(character) in scripts_of(language) and not (english and character > "ɏ")
        if not known and not _MARKS.match(character):
            raise ValueError(f"{who} cannot say {character!r} in {text!r}")
    if not re.search(r"\w", plain) and not any(m.strip() for m in _PHONEMES.findall(text)):
        raise ValueError(f"the text {text!r} has no word to say")
    for word in re.findall(r"\w+", plain.replace("'", "").replace("’", "")) if english else ():
        if len(word) > 1 and not _VOWEL.search(word) and word.lower() not in _VOWELLESS:
            raise ValueError(f"{who} cannot say {word!r}: it has no vowel")


def check_one_script(text: str) -> None:
    """Raise ValueError where one word mixes scripts: look-alike letters of another alphabet."""
    for word in re.findall(r"\w+", text):
        found = sorted({script(character) for character in word if character.isalpha()})
        if len({name.split("-")[0] for name in found} - {"HIRAGANA", "KATAKANA"}) > 1:
            names = " and ".join(name.title() for name in found)
            raise ValueError(f"the word {word!r} mixes {names} letters: write it in one script")


def script(character: str) -> str:
    """The first word of a character's Unicode name, such as LATIN; "" for what is no letter.

    A combining mark counts to what it is for (DEVANAGARI VOWEL SIGN AA is DEVANAGARI).
    """
    if unicodedata.category(character)[0] not in "LM":
        return ""
    return unicodedata.name(character, "").split(" ")[0]
