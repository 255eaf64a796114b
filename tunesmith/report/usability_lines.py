"""RunRecord -> a line a rate: which answers of each model cannot be used, which are right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tunesmith.evaluation.grade import Score
from tunesmith.evaluation.usability.fault_signs import SIGNS
from tunesmith.evaluation.usability.tally import AGREES, CHECKED, FAULTY, FIT, RIGHT
from tunesmith.evaluation.usability.usability import Usability
from tunesmith.language.retell import as_shown
from tunesmith.language.translate import message, translate
from tunesmith.report.number_text import NOTHING, counted, interval, number
from tunesmith.report.record import RunRecord

_TITLES = {
    FAULTY: message("cannot be used"),
    **{name: sign.several for name, sign in SIGNS.items()},
    RIGHT: message("are right"),
    CHECKED: message("of those that can be checked"),
    AGREES: message("of longer answers"),
    FIT: message("longer answers fit their question"),
}
_INNER = {*SIGNS, CHECKED, AGREES}
RATES_NOTE = message(
    "Shares of the answers in percent, told without a judge; ranges are 95 % intervals. A longer "
    "answer counts as right where it agrees with its reference. Fit: 100 where answers are like "
    "their own references alone, 50 by chance."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsabilityLine:
    """One rate of all models; an inner one is part of the line above."""

    title: str
    scores: Mapping[str, Score]  # by model
    is_inner: bool = False

    def value(self, model: str) -> str:
        """The rate as text."""
        return number(self.scores[model].value, 0) if model in self.scores else NOTHING

    def interval(self, model: str) -> str:
        """Its interval as text."""
        score = self.scores.get(model)
        return interval(score.low, score.high, 0) if score else NOTHING


def usability_lines(record: RunRecord) -> list[UsabilityLine]:
    """The rates that say something: signs that no answer of any model shows are left out."""
    rates = record.usability.rates if record.usability else {}
    return [
        UsabilityLine(title=translate(title), scores=rates[name], is_inner=name in _INNER)
        for name, title in _TITLES.items()
        if name in rates and _is_told(name, rates)
    ]


def band_lines(usability: Usability | None) -> list[UsabilityLine]:
    """How many questions near to training rows, and far from them, are answered right."""
    bands = usability.bands if usability else {}
    return [
        UsabilityLine(title=f"{as_shown(name)} ({counted(band.count, 'row')})", scores=band.scores)
        for name, band in bands.items()
    ]


def bands_note(usability: Usability) -> str:
    """What near and far mean."""
    return translate(
        "Right answers in percent, by how like the most similar training question is: near from "
        "{limit:g} on (cosine of words, 0 to 1). “nearest” gives that question's answer: what the "
        "model has beyond it, it did not look up.",
        limit=usability.band_limit,
    )


def findings_told(record: RunRecord) -> Sequence[str]:
    """Why tuned is not simply usable, a sentence each, where the headline does not say it."""
    tuned = record.usability.models.get("tuned") if record.usability else None
    if tuned is None:
        return ()
    return [as_shown(one.sentence) for one in tuned.findings if one.sentence not in tuned.sentence]


def _is_told(name: str, rates: Mapping[str, Mapping[str, Score]]) -> bool:
    if name in SIGNS:
        return any(score.value for score in rates[name].values())
    return name not in (CHECKED, AGREES) or (CHECKED in rates and AGREES in rates)
