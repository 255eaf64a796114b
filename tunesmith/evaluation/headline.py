"""The verdict on two models and whether answers can be used -> the headline, in two parts.

Is it better, and is it usable. "Better" never stands above answers that cannot be used, nor where
a look-up or a prompt with examples does as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tunesmith.evaluation.usability.usability import Usability
from tunesmith.evaluation.verdict import Verdict

_OUTCOMES = {
    "better": "Better",
    "worse": "Worse",
    "mixed": "Mixed",
    "no difference shown": "No difference shown",
    "not compared": "Not compared",
}
_AS_GOOD = {
    "nearest": "A look-up does as well",
    "few-shot": "A prompt with examples does as well",
}
_JUDGED = ("usable", "usable with care", "not usable yet")
TUNED = "tuned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A title of two parts, and the sentences below it."""

    title: str
    sentence: str

    def to_json(self) -> Mapping[str, str]:
        """The record as it stands in `scores.json`."""
        return {"title": self.title, "sentence": self.sentence}


def headline_of(verdict: Verdict, usability: Usability | None) -> Headline:
    """Both parts in words.

    Args:
        verdict: Tuned against base.
        usability: Of all models; None where it was not looked at, and the verdict stands alone.
    """
    tuned = usability.models.get(TUNED) if usability else None
    if usability is None or tuned is None or tuned.outcome not in _JUDGED:
        return Headline(title=_OUTCOMES[verdict.outcome], sentence=verdict.sentence)
    first = _OUTCOMES[verdict.outcome]
    said = [tuned.sentence]
    if verdict.outcome == "better" and tuned.outcome == "not usable yet":
        first = "Higher scores"
    elif verdict.outcome == "better" and usability.as_good:
        first = _AS_GOOD[usability.as_good[0]]
        said += [told for told in usability.notes if told not in tuned.sentence]
    link = ", but " if first == "Higher scores" else ", "
    return Headline(
        title=f"{first}{link}{tuned.outcome}", sentence=" ".join([*said, verdict.sentence])
    )
