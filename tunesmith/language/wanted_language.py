"""What a browser says that its reader reads -> the language of ours that comes first in it."""

from tunesmith.language.catalogue import ENGLISH, known_languages

_MAX_RANGES = 20


def wanted_language(accepted: str) -> str:
    """The first that we have of an Accept-Language header (RFC 9110, 12.5.4); else English.

    Args:
        accepted: Such as `zh-CN,zh;q=0.9,en;q=0.8`; what is no range in it is passed over, for
            it is a wish and not a setting.
    """
    ranges = [_range(part) for part in accepted.split(",")[:_MAX_RANGES]]
    for _, code in sorted(ranges, key=lambda one: -one[0]):
        if code in known_languages():
            return code
    return ENGLISH


def _range(part: str) -> tuple[float, str]:
    """How much it is wanted, and the language; 0 and nothing where it is refused or malformed."""
    name, _, weight = part.partition(";")
    written = weight.strip().removeprefix("q=") or "1"
    is_number = written.replace(".", "", 1).isdecimal() and written.isascii()
    wish = float(written) if is_number else 0.0
    code = name.strip().partition("-")[0].lower()
    return (wish, code) if 0 < wish <= 1 else (0.0, "")
