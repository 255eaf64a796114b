"""Text -> the same without card numbers (`[card]`), IBANs (`[iban]`) and accounts (`[account]`).

Nothing is replaced on looks alone: every number must pass the checksum of its kind. Cards:
Luhn (ISO/IEC 7812) and the lengths that an issuer uses. IBAN: ISO 13616, mod 97 and the
country's length, by SWIFT's registry. Spanish accounts and US routing numbers: their own.
python-stdnum computes all of these, and is loaded with the first candidate (50 ms). Mexican
(CLABE) and Belgian account numbers, which it does not know, are computed here.
"""

import functools
import re
from collections.abc import Callable, Iterator

from tunesmith.examples.redaction.replacing import Hidden, replace

_RUN = re.compile(r"(?<![\w.,])\d(?:[ \u00a0\u2009\u202f–-]?\d){10,60}(?!\w)")
_GROUP = re.compile(r"\d+")
_SHORTEST_GROUP = 3  # digits that a number begins with
_ISSUERS = re.compile(
    r"(?:4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(?:6011|64[4-9]\d|65\d\d)\d{12,15}"  # Discover
    r"|(?:30[0-5]\d|3095|36\d\d|3[89]\d\d)\d{10}"  # Diners Club
    r"|35(?:2[89]|[3-8]\d)\d{12,15}"  # JCB
    r"|62\d{14,17}|81\d{14,17}"  # UnionPay
    r"|220[0-4]\d{12,15}"  # Mir
    r"|(?:5018|5020|5038|5[678]\d\d|6304|67\d\d)\d{8,15}"  # Maestro
    r"|(?:60|65|81|82|508)\d{14})\Z"  # RuPay
)
_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ \u00a0-]?[A-Z0-9]){11,30}(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])[a-z]{2}\d{2}(?:[ \u00a0-]?[a-z0-9]){11,30}(?![A-Za-z0-9])"
)
# A country's number may once have been shorter, and still names an account.
_FORMER_IBAN_LENGTHS = {"CR": 21}
_ROUTING = re.compile(r"\b((?:routing|ABA)\b[^\d\n]{0,30})(\d{9})(?!\d)", re.IGNORECASE)


def hide_cards(text: str) -> Hidden:
    """Replace payment card numbers, written together or in groups."""
    return _hide_runs(text, _is_card, "[card]")


def hide_accounts(text: str) -> Hidden:
    """Replace IBANs, and account numbers that carry a checksum of their own."""
    text, total = replace(_IBAN, text, _iban)
    text, count = _hide_runs(text, _is_account, "[account]")
    total += count
    if "routing" in text.lower() or "ABA" in text:
        text, count = replace(_ROUTING, text, _routing)
        total += count
    return text, total


def _hide_runs(text: str, is_number: Callable[[list[str]], bool], mark: str) -> Hidden:
    total = 0

    def run(match: re.Match[str]) -> str | None:
        nonlocal total
        shown, count = _without(match[0], is_number, mark)
        total += max(0, count - 1)
        return shown if count else None

    text, count = replace(_RUN, text, run)
    return text, total + count


def _without(run: str, is_number: Callable[[list[str]], bool], mark: str) -> Hidden:
    """A run of digit groups in which every window of groups that is a number is replaced."""
    groups = [(match.start(), match.end()) for match in _GROUP.finditer(run)]
    parts, shown, count, first = [], 0, 0, 0
    while first < len(groups):
        is_short = groups[first][1] - groups[first][0] < _SHORTEST_GROUP
        end = None if is_short else next(_numbers(run, groups, first, is_number), None)
        if end is None:
            first += 1
            continue
        parts += [run[shown : groups[first][0]], mark]
        shown, first, count = groups[end][1], end + 1, count + 1
    return "".join([*parts, run[shown:]]), count


def _numbers(
    run: str, groups: list[tuple[int, int]], first: int, is_number: Callable[[list[str]], bool]
) -> Iterator[int]:
    """Last groups that make a number with the first one, the longest first."""
    for last in range(min(len(groups), first + 20) - 1, first - 1, -1):
        if is_number([run[start:end] for start, end in groups[first : last + 1]]):
            yield last


def _is_card(groups: list[str]) -> bool:
    digits = _plain("".join(groups))
    if not 12 <= len(digits) <= 19 or not _ISSUERS.match(digits):
        return False
    # Written in groups, a card number begins with four digits and goes on in fours to sevens.
    is_grouped = len(groups) == 1 or (
        len(groups[0]) >= 4 and all(len(group) >= 4 for group in groups[1:-1])
    )
    return is_grouped and len(set(digits)) > 1 and _passes_luhn(digits)


def _passes_luhn(digits: str) -> bool:
    from stdnum import luhn  # noqa: PLC0415 - see above

    return luhn.is_valid(digits)


def _iban(match: re.Match[str]) -> str | None:
    written = match[0]
    compact = re.sub(r"[ \u00a0-]", "", written).upper()
    for length in _iban_lengths(compact[:2]):
        if len(compact) >= length and _passes_mod_97(compact[:length]):
            rest = written[_end_of(written, length) :]
            if not rest[:1].isalnum():
                return f"[iban]{rest}"
    return None


@functools.lru_cache(maxsize=1024)
def _iban_lengths(country: str) -> tuple[int, ...]:
    """How many letters and digits an IBAN of a country has; none where there are no IBANs."""
    from stdnum import numdb  # noqa: PLC0415 - see above

    structure = numdb.get("iban").info(country)[0][1].get("bban", "")  # "8!n10!n"
    if not structure:
        return ()
    length = 4 + sum(int(number) for number in re.findall(r"(\d+)!", structure))
    former = _FORMER_IBAN_LENGTHS.get(country)
    return (length,) if former is None else (length, former)


def _passes_mod_97(iban: str) -> bool:
    from stdnum.iso7064 import mod_97_10  # noqa: PLC0415 - see above

    return mod_97_10.is_valid(iban[4:] + iban[:4])


def _end_of(written: str, length: int) -> int:
    """Where the first `length` letters and digits end."""
    count = 0
    for place, character in enumerate(written):
        count += character.isalnum()
        if count == length:
            return place + 1
    return len(written)


def _is_account(groups: list[str]) -> bool:
    digits = _plain("".join(groups))
    lengths = [len(group) for group in groups]
    if len(digits) == 18 and lengths in ([18], [3, 3, 11, 1]):
        return _is_clabe(digits)
    if lengths == [3, 7, 2]:  # Belgium
        return int(digits[:10]) % 97 == int(digits[10:]) % 97 and digits[:3] != "000"
    return lengths in ([20], [4, 4, 2, 10]) and _is_spanish(digits)


def _is_clabe(digits: str) -> bool:
    """Mexico: weights 3, 7, 1."""
    total = sum(int(d) * (3, 7, 1)[i % 3] % 10 for i, d in enumerate(digits[:17]))
    return (10 - total % 10) % 10 == int(digits[17])


def _is_spanish(digits: str) -> bool:
    from stdnum.es import ccc  # noqa: PLC0415 - see above

    return ccc.is_valid(digits)


def _routing(match: re.Match[str]) -> str | None:
    from stdnum.us import rtn  # noqa: PLC0415 - see above

    digits = _plain(match[2])
    return f"{match[1]}[account]" if rtn.is_valid(digits) and int(digits) else None


def _plain(digits: str) -> str:
    """Digits of any script, such as Arabic or full-width ones, as 0 to 9."""
    return digits if digits.isascii() else "".join(str(int(digit)) for digit in digits)
