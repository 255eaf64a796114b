"""A seed -> texts of all scripts, odd spaces and control words, to compare two tokenizers with."""

import random
from collections.abc import Sequence

_SCRIPTS = (
    "abcdefgXYZ",
    "0123456789.,%",
    "éüñßøÅčž",
    "абвгдЖЩ",
    "αβγΩ",
    "日本語の中文字",
    "한국어글",
    "العربية",
    "עברית",
    "हिन्दीक्ष",
    "ไทยกำ",
    "👍🏽👨‍👩‍👧🇩🇪",
    "٣५½²ⅷ",
    "e\u0301a\u0308",
    " \t\n\r\x0b\u00a0\u2028\u3000",
    "'\"()[]{}<>|_-/\\#*$=:;!?&`~^",
)
_WORDS = (
    "don't",
    "I'LL",
    "we've",
    "The",
    "capital",
    "of",
    "x_1",
    "3.14",
    "e-mail@x.org",
    "\n\n",
    "  ",
)


def fuzzed_texts(count: int, *, control_words: Sequence[str], seed: int = 0) -> list[str]:
    """Texts of 1 to 40 pieces.

    Args:
        count: How many.
        control_words: Some texts hold one or two of them.
        seed: The same seed, the same texts.
    """
    draw = random.Random(seed)
    return [_text(draw, control_words if number % 4 == 0 else ()) for number in range(count)]


def _text(draw: random.Random, control_words: Sequence[str]) -> str:
    alphabets = draw.sample(_SCRIPTS, 4)
    pieces = [draw.choice(draw.choice(alphabets)) for _ in range(draw.randint(1, 40))]
    for _ in range(draw.randint(0, 6)):
        pieces.insert(
            draw.randint(0, len(pieces)), f"{draw.choice(('', ' '))}{draw.choice(_WORDS)}"
        )
    if control_words:
        pieces.insert(draw.randint(0, len(pieces)), draw.choice(control_words))
    return "".join(pieces)
