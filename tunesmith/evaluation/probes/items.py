r"""`data/<language>/` -> probes and general texts, all of our own writing.

A line of a skill's table is a beginning, the right choice and the wrong ones, set apart by tabs;
`\n` stands for a line break. A line that opens with `> ` is a passage, which the lines below it
ask about. Arithmetic is made by a rule (`arithmetic`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar, get_args

from tunesmith.evaluation.probes.arithmetic import Sum, sums

ProbeLanguage = Literal["en", "zh"]
Skill = Literal["arithmetic", "words", "sense", "form", "reading", "language"]
PROBE_LANGUAGES: tuple[ProbeLanguage, ...] = get_args(ProbeLanguage)
SKILLS: tuple[Skill, ...] = get_args(Skill)
PROBES_VERSION = "general@1"
NUM_ITEMS = 100  # of a skill in a language
ITEMS_OF_A_PASSAGE = 5

_DATA = Path(__file__).parent / "data"
_PASSAGE = "> "
_ASKED = {"en": "{passage}\nQuestion: {question}\nAnswer:", "zh": "{passage}\n问：{question}\n答："}
_OPEN = ("\n", '"', "“", "(", "（")  # behind these no space stands, in English either
_One = TypeVar("_One")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A beginning, and what may follow it: the right choice first, then the wrong ones.

    Choices hold the space before them, if there is one: they follow the beginning as they are.
    """

    probe_id: str
    skill: Skill
    language: ProbeLanguage
    beginning: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneralText:
    """A short text about nothing in particular."""

    text_id: str
    language: ProbeLanguage
    text: str


def probes(language: ProbeLanguage, *, every: int = 1) -> list[Probe]:
    """The probes of a language, skill by skill.

    Args:
        language: Of all of them.
        every: 2 takes every second one, and so on; those about one passage stay together.
    """
    return [probe for skill in SKILLS for probe in _some(_skill(skill, language), skill, every)]


@cache
def general_texts(language: ProbeLanguage) -> tuple[GeneralText, ...]:
    """The texts of a language."""
    written = (_DATA / language / "texts.txt").read_text(encoding="utf-8").strip()
    return tuple(
        GeneralText(text_id=f"{language}/texts/{number}", language=language, text=text)
        for number, text in enumerate(written.split("\n\n"), start=1)
    )


def _some(found: Sequence[_One], skill: Skill, every: int) -> list[_One]:
    block = ITEMS_OF_A_PASSAGE if skill == "reading" else 1
    return [one for place, one in enumerate(found) if place // block % every == 0]


@cache
def _skill(skill: Skill, language: ProbeLanguage) -> tuple[Probe, ...]:
    rows = _calculated(language) if skill == "arithmetic" else _written(skill, language)
    return tuple(
        Probe(
            probe_id=f"{language}/{skill}/{number}",
            skill=skill,
            language=language,
            beginning=beginning,
            choices=tuple(_joined(beginning, choice, language) for choice in choices),
        )
        for number, (beginning, *choices) in enumerate(rows, start=1)
    )


def _written(skill: Skill, language: ProbeLanguage) -> Iterator[list[str]]:
    passage = ""
    for line in (_DATA / language / f"{skill}.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith(_PASSAGE):
            passage = line.removeprefix(_PASSAGE)
            continue
        cells = [cell.replace("\\n", "\n") for cell in line.split("\t")]
        if passage:
            cells[0] = _ASKED[language].format(passage=passage, question=cells[0])
        yield cells


def _calculated(language: ProbeLanguage) -> Iterator[list[str]]:
    return (_in_words(one, language) for one in sums(NUM_ITEMS))


def _in_words(one: Sum, language: ProbeLanguage) -> list[str]:
    """Every other one as signs, the others in the language's words."""
    wording = {
        "en": {"+": "{} plus {} is", "-": "{} minus {} is", "×": "{} times {} is"},
        "zh": {"+": "{}加{}等于", "-": "{}减{}等于", "×": "{}乘{}等于"},
    }[language][one.sign]
    asked = wording.format(one.left, one.right) if one.number % 2 else f"{one} ="
    return [asked, *map(str, one.choices)]


def _joined(beginning: str, choice: str, language: ProbeLanguage) -> str:
    is_spaced = language == "en" and not beginning.endswith(_OPEN)
    return f" {choice}" if is_spaced or beginning.endswith((" =", ">")) else choice
