"""Bytes that are not UTF-8 -> the character set that fits them best, and what fits nearly as well.

Each set is tried with the letters of the languages that are written in it: a wrong set shows
foreign letters, marks within words and capitals in their midst. charset-normalizer, which asks the
same of long texts, takes two lines of German, French, Turkish or Chinese for something else.
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass

_SAMPLE_BYTES = 1 << 14
_FEW_BYTES = 3  # beyond ASCII: such a text is English, or the like, with a foreign name
_MIN_SCORE = 0.3
_NEARLY = 0.15  # a set that scores so little less may be the right one as well
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_OF_TEXT = ("iso", "cp", "koi", "gb", "big5", "euc", "shift", "latin", "mac", "tis")
_BETWEEN_WORDS = frozenset("\t\n\r ,;")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MARKS = frozenset("’‘“”„‚‹›«»–—…·•°§€£©®™¿¡\xa0\xad№،؛؟、。，；：？！「」『』（）《》【】～・ー　")
_LIKELIER = 0.05  # western texts are the most
_RARE = 0.5  # of a letter that its language seldom writes

# Sets that share languages, the likeliest first; of each language its letters, after a blank its
# rare ones.
_WESTERN = (
    "äöüß éàèçñ",
    "éèêàç ëâîïôûùœæ",
    "éëïè öüêó",
    "áéíóúñ ü¿¡",
    "ãáéíóçõ úâêôà",
    "àèéìòù",
    "åäöæø é",
    "áðéíóúýþæö",
)
_CENTRAL = ("ąćęłńóśźż", "áčéěířšůýž ďňóťú", "áčéíľšťýžď äĺňóôŕú", "áéíóöőúüű", "čćđšž", "ăâîşţ")
_CYRILLIC = (
    "оеаинтсрвлкмдпуяыь гзбчйжхшюцщэфъё",
    "оаніиртевслкдмуп язьбгйчхжшюїєцщґфʼ",
    "аоиетнрсвлкдпмзяу гъчбцжщхюйфшь",
    "аоеинрстукјвдмпл згбчшцњжћђљхџфѓќѕ",
)
_LETTERS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("windows-1252", "mac-roman", "cp850"): _WESTERN,
    ("windows-1250", "iso-8859-2", "cp852"): _CENTRAL,
    ("windows-1254",): ("çğıöşü âîû",),
    ("windows-1257",): ("ąčęėįšųūž", "āčēīšūž ģķļņ", "äöõü šž"),
    ("windows-1251", "koi8-r", "cp866", "iso-8859-5"): _CYRILLIC,
    ("windows-1253",): ("αοιετσνηυρπκμλςάέήίόύώ ωδγχθφβξζψϊϋΐΰ",),
    ("windows-1255",): ("יוהלארתמבשנםכד ןעפקטחגצזסךףץ",),
    ("windows-1256",): ("اليمنوتربةدعفسهكقحجأ إآؤئىءشصضطظغخذزثپچژگ",),
    ("cp874",): ("านรกอเงยลวมดทสตะปบคหแจ่้ิีัุู็ื์ พชขใไโถำผณธศษญซฉภ",),
}
_WIDE = ("cp949", "gb18030", "shift_jis", "big5", "euc_jp")
_CODECS = {"mac-roman": "mac_roman", "shift_jis": "cp932"}


@dataclass(frozen=True, slots=True)
class Charset:
    """A character set, and others that fit nearly as well but would give other letters.

    A set that the text declares, as pages do, counts where all bytes belong to it.
    """

    name: str
    others: tuple[str, ...] = ()
    is_declared: bool = False

    @property
    def codec(self) -> str:
        """What Python calls it."""
        return _CODECS.get(self.name, self.name)


def find_charset(data: bytes) -> Charset | None:
    """The character set of a text; None where it is UTF-8 but for single bytes, or none fits.

    Args:
        data: The beginning of a text, which may be cut within a character.
    """
    if _BINARY.search(data) or _is_utf8(data):
        return None
    declared = _declared(data)
    if declared is not None:
        return Charset(declared, is_declared=True)
    sample = _sample(data)
    found = sorted(_scored(sample), key=lambda one: -one[0])  # of equals the first stays first
    if not found or found[0][0] < _MIN_SCORE:
        return None
    best, name, text = found[0]
    near = [(other, read) for score, other, read in found[1:] if score > best - _NEARLY]
    return Charset(name, tuple(other for other, read in near if read != text))


def find_utf16(head: bytes) -> str | None:
    """UTF-16 of which byte order that a file without a mark is in, as its NUL bytes betray."""
    sample = head[: _SAMPLE_BYTES & ~1]
    if b"\0" not in sample:
        return None
    best, most = None, 0
    for encoding in ("utf-16-le", "utf-16-be"):
        text = codecs.getincrementaldecoder(encoding)("replace").decode(sample)
        is_text = all(char.isprintable() or char.isspace() for char in text.replace("\ufeff", ""))
        found = sum(char in _BETWEEN_WORDS for char in text)
        if is_text and found > most:
            best, most = encoding, found
    return best


def _is_utf8(data: bytes) -> bool:
    """Whether no more faults than characters are found when it is read as UTF-8."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError as error:
        around = data[max(0, error.start - _SAMPLE_BYTES) : error.start + _SAMPLE_BYTES]
    else:
        return True
    others = [char for char in around.decode("utf-8", "surrogateescape") if not char.isascii()]
    num_faults = sum("\udc80" <= char <= "\udcff" for char in others)
    return 2 * num_faults <= len(others)


def _declared(data: bytes) -> str | None:
    """What a text says of itself, if that is a set of its like."""
    found = _DECLARED.search(data[:4096])
    try:
        name = codecs.lookup(found[1].decode()).name if found else ""
    except (LookupError, UnicodeDecodeError):
        return None
    return name if name.startswith(_OF_TEXT) else None


def _sample(data: bytes) -> bytes:
    """The first lines that are not ASCII."""
    lines, num_bytes = list[bytes](), 0
    for line in data.splitlines(keepends=True):
        if not line.isascii():
            lines.append(line[:_SAMPLE_BYTES])
            num_bytes += len(line)
        if num_bytes > _SAMPLE_BYTES:
            break
    return b"".join(lines)[:_SAMPLE_BYTES]


def _scored(sample: bytes) -> list[tuple[float, str, str]]:
    found = []
    is_much = len(sample) - len(sample.decode("ascii", "ignore")) > _FEW_BYTES
    for names, alphabets in _LETTERS.items():
        for name in names if is_much else names[: alphabets is _WESTERN]:
            text = _decoded(sample, name)
            if text is not None:
                score = max(_spelled(text, one) for one in alphabets)
                found.append((score + _LIKELIER * (alphabets is _WESTERN), name, text))
    for name in _WIDE if is_much else ():
        text = _decoded(sample, name)
        if text is not None:
            found.append((_wide_score(text, name), name, text))
    return found


def _decoded(sample: bytes, name: str) -> str | None:
    """The text, if all its bytes belong to the set; the last character may be cut."""
    for num_left_out in range(4):
        try:
            return sample[: len(sample) - num_left_out].decode(_CODECS.get(name, name))
        except UnicodeDecodeError as error:
            if error.start < len(sample) - 4:
                return None
    return None


def _spelled(text: str, alphabet: str) -> float:
    """How well a language spells what is not ASCII, from below 0 to 1."""
    usual, _, rare = alphabet.partition(" ")
    weights = dict.fromkeys(rare, _RARE) | dict.fromkeys(usual, 1.0) | dict.fromkeys(_MARKS, 1.0)
    is_latin = unicodedata.name(usual[0]).startswith("LATIN")
    padded = f"  {text} "
    scores = [
        weights.get(char.lower(), -2.0) - _oddness(padded[index - 2 : index + 2], is_latin)
        for index, char in enumerate(padded)
        if not char.isascii()
    ]
    return sum(scores) / len(scores) if scores else 0.0


def _oddness(around: str, is_latin: bool) -> float:
    """How strange a letter or mark is at its place: two characters before it, itself, the next."""
    before, char, after = around[1], around[2], around[3]
    if char in _MARKS:
        return 2.0 if before.isalpha() and after.isalpha() and char not in "’·\xad" else 0.0
    is_foreign = _is_ascii_letter(before) or _is_ascii_letter(after)
    if (is_foreign and not is_latin) or before.isdigit() or after.isdigit():
        return 2.0
    if is_latin and not any(one.isascii() for one in around[:3]):
        return 2.0
    if char == char.lower() or not before.isalpha():
        return 0.0
    return 0.7 if before == before.upper() else 2.0


def _is_ascii_letter(char: str) -> bool:
    return char.isascii() and char.isalpha()


def _wide_score(text: str, name: str) -> float:
    """The share of characters that a text in one of the wide sets is mostly made of."""
    characters = [char for char in text if not char.isascii() and char not in _MARKS]
    if not characters:
        return 0.0
    num_kana = sum(1 for char in characters if "\u3041" <= char <= "\u30ff")
    num_good = sum(1 for char in characters if _is_usual(char, name))
    score = num_good / len(characters)
    is_japanese = name in ("shift_jis", "euc_jp")
    if is_japanese and num_kana * 10 < len(characters):
        score -= 0.3
    if not is_japanese and num_kana * 20 > len(characters):
        score -= 0.5
    return score - 2 * sum(1 for one in characters if unicodedata.category(one) in ("Co", "Cn"))


def _is_usual(char: str, name: str) -> bool:
    code = char.encode(_CODECS.get(name, name))
    lead = code[0]
    if len(code) != 2:
        return False
    if name == "cp949":
        return 0xB0 <= lead <= 0xC8 and code[1] >= 0xA1
    if name == "big5":
        return 0xA4 <= lead <= 0xC6
    if name == "shift_jis":
        return 0x82 <= lead <= 0x83 or 0x88 <= lead <= 0x97
    if name == "euc_jp":
        return lead in (0xA4, 0xA5) or 0xB0 <= lead <= 0xCF
    return 0xB0 <= lead <= 0xD7 and code[1] >= 0xA1
