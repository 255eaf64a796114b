"""How much of what should be hidden is hidden, and how much of ordinary text is touched.

    python bench/redaction.py --text ../shared/data/lm_text/wikitext2_valid.txt

Plants made-up cards, accounts, keys, passwords and mail addresses in sentences; draws valid
phone numbers of ten countries from libphonenumber's plans, and writes them in the country's
own format and the international ones; counts what is left. Prints JSON.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from tests.examples.splitting import planted
from tunesmith.examples.redaction.redact import ALL_KINDS, redact_text
from tunesmith.recipe.recipe import RedactKind

COUNTRIES = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "IN", "JP", "BR")
FRAMES = ("{}", "Please use {} for that.", "It is ({}), I think.", "First line\n{}\nlast line")
ON_LINES = (FRAMES[0], FRAMES[3])
NUMBERS_PER_COUNTRY = 100
PHONE = ("phone", "card")  # one in ten numbers of 13 digits passes a card's checksum as well
STYLES = {
    "national": PhoneNumberFormat.NATIONAL,
    "international": PhoneNumberFormat.INTERNATIONAL,
    "together": PhoneNumberFormat.E164,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, nargs="*", default=[], help="ordinary text, by line")
    arguments = parser.parse_args()
    secrets = {
        "card": planted.cards(),
        "account": planted.ibans(),
        "secret": planted.keys(),
        "email": planted.MAILS,
    }
    found: dict[str, Any] = {kind: _share(texts, [kind]) for kind, texts in secrets.items()}
    logins = [text for text, _ in planted.logins()]
    found["password, on a line of its own"] = _share(logins, ["secret"], ON_LINES)
    handwritten = [one for numbers in planted.PHONES.values() for one in numbers]
    found["phone, as people write them"] = _share(handwritten, PHONE)
    drawn = {country: list(_drawn_phones(country)) for country in COUNTRIES}
    for style in STYLES:
        by_country = {
            country: _share([number for name, number in pairs if name == style], PHONE)
            for country, pairs in drawn.items()
        }
        found[f"phone, {style}, drawn"] = {
            "all": _mean(list(by_country.values())),
            **by_country,
        }
    touched = {path.name: _touched(path) for path in arguments.text}
    print(json.dumps({"hidden": found, "ordinary lines": touched}, indent=2, ensure_ascii=False))


def _share(texts: Sequence[str], kinds: Sequence[str], frames: Sequence[str] = FRAMES) -> float:
    """Per cent of the planted ones that a redaction of all kinds hides as one of `kinds`."""
    framed = [frame.format(text) for text in texts for frame in frames]
    hits = sum(any(_hidden(text)[kind] for kind in kinds) for text in framed)
    return round(100 * hits / len(framed), 2)


def _hidden(text: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    kinds: tuple[RedactKind, ...] = ALL_KINDS
    redact_text(text, kinds, counts)
    return counts


def _drawn_phones(country: str) -> Iterator[tuple[str, str]]:
    """Numbers like the country's example, with other last digits, that its plan allows."""
    draw = random.Random(country)
    for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE):
        example = phonenumbers.example_number_for_type(country, kind)
        count = 0
        while example is not None and count < NUMBERS_PER_COUNTRY // 2:
            digits = phonenumbers.national_significant_number(example)
            other = digits[:-6] + "".join(draw.choices("0123456789", k=6))
            number = phonenumbers.parse(f"+{example.country_code}{other}")
            if phonenumbers.is_valid_number_for_region(number, country):
                count += 1
                for name, style in STYLES.items():
                    yield name, phonenumbers.format_number(number, style)


def _touched(path: Path) -> dict[str, Any]:
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    kinds: Counter[str] = Counter()
    touched = 0
    for line in lines:
        counts = _hidden(line)
        touched += bool(counts)
        kinds += counts
    share = round(100 * touched / len(lines), 3)
    return {"lines": len(lines), "touched": touched, "per cent": share, "as": dict(kinds)}


def _mean(shares: Sequence[float]) -> float:
    return round(sum(shares) / len(shares), 2)


if __name__ == "__main__":
    main()
