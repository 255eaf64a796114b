"""Text -> the same with telephone numbers as `[phone]`.

With a plus or 00 the number says its country, and libphonenumber's plan decides. Without, a
number must fit the plan of one of the countries below *and* be written as people write
numbers there, or stand behind a word such as "phone". Dates, prices, versions, ISBNs and
decimals are no numbers of telephones.
"""

import functools
import re

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

from tunesmith.examples.redaction.replacing import Hidden, replace
from tunesmith.sources.lexicon import lexicon

MARK = "[phone]"
_SEPARATOR = r"(?:[ \u00a0\u202f]?[().\-/‑–][ \u00a0]?[()]?|[ \u00a0\u202f])"
_CANDIDATE = re.compile(
    rf"(?<![\w.,+#$€£¥%/=@-])(?:(?:\+|\(\+|\(00|\(0|\()?\d(?:{_SEPARATOR}?\d){{6,19}})(?![\w%@]|[.,]\d)"
    r"|(?<![\w+])\(?\+ ?\d(?:" + _SEPARATOR + r"?\d){6,17}(?!\w)"
)
_DATE = re.compile(
    r"(?<!\d)(?:(?:1[5-9]|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./ ](?:0?[1-9]|[12]\d|3[01])[-./ ](?:1[5-9]|20)\d\d)(?!\d)"
)
_SUM_BEHIND = re.compile(r"\s{0,2}[=*×÷^<>]|\s{0,2}[+/-]\s{1,2}\d")
_SUM_BEFORE = re.compile(r"[=*×÷^<>+]\s{0,2}$")
_SIDE_BY_SIDE = re.compile(r"( / )")
_AMOUNT = re.compile(r"\d+\.\d+|\d{1,3}(?:\.\d{3})+")
# Where national numbers begin with 0, and where they do not.
_TRUNK_0 = re.findall(
    "..",
    "DEGBFRITNLATCHBEAUJPCNINZASEFITRBRKRUAROIENZIDTHEGNGPKILARMYPHVNKEGH",
)
_NO_TRUNK = re.findall("..", "USESITPLPTNODKCZGRHUMXBRCNINSGHKCOCLPEAESARUKZ")


def hide_phones(text: str) -> Hidden:
    """Replace telephone numbers; see above for what counts as one."""
    return replace(_CANDIDATE, text, _phone)


def _phone(match: re.Match[str]) -> str | None:
    written = match[0]
    digits = "".join(character for character in written if character.isdecimal())
    lead = "(" if written.startswith("(") and written.count("(") > written.count(")") else ""
    written = written.removeprefix(lead)
    before = match.string[max(0, match.start() - 60) : match.start()]
    after = match.string[match.end() : match.end() + 24]
    parts = _SIDE_BY_SIDE.split(written) if len(digits) >= 14 else []
    if len(parts) == 3 and all(sum(map(str.isdigit, part)) >= 7 for part in parts[::2]):
        return MARK + parts[1] + MARK  # "030 123456 / 0171 1234567"
    if "+" in written[:2]:
        return lead + MARK if _is_international(digits) else None
    if _is_something_else(written, digits, before, after):
        return None
    if digits.startswith("00") and _is_international(digits[2:]):
        return lead + MARK
    has_context = bool(_about_phones().search(before) or _about_phones().search(after))
    return lead + MARK if _is_national(written, digits, has_context=has_context) else None


def _is_something_else(written: str, digits: str, before: str, after: str) -> bool:
    """Dates, spans of years, ISBNs, amounts, and what a word before it says it is."""
    groups = re.findall(r"\d+", written)
    return bool(
        _DATE.search(written)
        or _about_others().search(before)
        or _unit_behind().match(after)
        or _SUM_BEHIND.match(after)
        or _SUM_BEFORE.search(before)
        or (len(groups) < 3 and _about_places().search(before))
        or (len(digits) == 13 and digits.startswith(("978", "979")))
        or _AMOUNT.fullmatch(written)
        or (len(groups) > 1 and _is_grouped_oddly(groups, written))
    )


def _is_grouped_oddly(groups: list[str], written: str) -> bool:
    """ISBNs end in a single digit, scores and spans of years are pairs, lists have many."""
    if len(groups) > 6 or groups[0] == "0" or (len(groups[-1]) == 1 and groups[0][0] != "0"):
        return True
    if len(groups) == 2 and all(1400 <= int(group) <= 2199 for group in groups):
        return True
    is_pairs = len(groups) > 2 and all(len(group) == 2 for group in groups)
    return is_pairs and len(set(re.findall(r"\D", written))) > 1


@functools.lru_cache(maxsize=4096)
def _is_international(digits: str) -> bool:
    number = _parsed("+" + digits, None)
    if number is None:
        return False
    reason = phonenumbers.is_possible_number_with_reason(number)
    return bool(reason == phonenumbers.ValidationResult.IS_POSSIBLE)


@functools.lru_cache(maxsize=4096)
def _is_national(written: str, digits: str, *, has_context: bool) -> bool:
    if len(digits) < 7 or len(digits) > 13:
        return False
    if has_context and re.fullmatch(r"\d{3}[-. ]\d{4}", written):
        return True
    groups = tuple(re.findall(r"\d+", written))
    for region in _TRUNK_0 if digits[0] == "0" else _NO_TRUNK:
        number = _parsed(digits, region)
        if number is None or not phonenumbers.is_valid_number_for_region(number, region):
            continue
        if has_context or digits[0] == "0" or _is_written_so(groups, written, number):
            return True
    return False


def _is_written_so(groups: tuple[str, ...], written: str, number: PhoneNumber) -> bool:
    """Whether the digits are grouped as the country groups them, or are a Chinese mobile's."""
    if len(groups) == 1:
        return number.country_code == 86 and bool(re.match(r"1[3-9]", groups[0]))
    if [len(group) for group in groups] == [4, 4]:
        return False  # two years, two amounts: too common to be told by its looks
    for style in (
        PhoneNumberFormat.NATIONAL,
        PhoneNumberFormat.INTERNATIONAL,
    ):
        usual = re.findall(r"\d+", phonenumbers.format_number(number, style))
        if style == PhoneNumberFormat.INTERNATIONAL:
            usual = usual[1:]
        if list(groups) == usual or list(groups) in ([str(number.country_code), *usual],):
            return True
    return False


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


@functools.cache
def _about_phones() -> re.Pattern[str]:
    return re.compile(lexicon(__package__).either("about_phones"), re.IGNORECASE)


@functools.cache
def _about_others() -> re.Pattern[str]:
    words = lexicon(__package__).either("about_others")
    return re.compile(rf"(?:\b(?:{words})\b[^\n\d]{{0,15}}|[#№]\s?|[$€£¥]\s?)\Z", re.IGNORECASE)


@functools.cache
def _about_places() -> re.Pattern[str]:
    words = lexicon(__package__).either("about_places")
    return re.compile(rf"\b(?:{words})[ \t]*\Z", re.IGNORECASE)


@functools.cache
def _unit_behind() -> re.Pattern[str]:
    return re.compile(rf"\s?(?:{lexicon(__package__).either('units')})")
