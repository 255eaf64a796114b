"""The verdict on two models and whether answers can be used -> the headline, in two parts.

Is it better, and is it usable. "Better" never stands above answers that cannot be used, nor where
a look-up or a prompt with examples does as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tunesmith.evaluation.usability.usability import Usability
from tunesmith.evaluation.verdict import Verdict
from tunesmith.language.translate import listing, message, sentences, translate

_OUTCOMES = {
    "better": message("Better"),
    "worse": message("Worse"),
    "mixed": message("Mixed"),
    "no difference shown": message("No difference shown"),
    "not compared": message("Not compared"),
}
_AS_GOOD = {
    "nearest": message("A look-up does as well"),
    "few-shot": message("A prompt with examples does as well"),
}
_JUDGED = (message("usable"), message("usable with care"), message("not usable yet"))
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
    first, said = _OUTCOMES[verdict.outcome], [verdict.sentence]
    if usability is None:
        return Headline(title=first, sentence=verdict.sentence)
    tuned = usability.models.get(TUNED)
    is_looked_at = tuned is not None and tuned.outcome in _JUDGED
    if tuned is not None and is_looked_at:
        said.insert(0, tuned.sentence)
    if verdict.outcome == "better" and tuned is not None and tuned.outcome == "not usable yet":
        return Headline(
            title=translate("Higher scores, but not usable yet"), sentence=sentences(*said)
        )
    if verdict.outcome == "better" and usability.as_good:
        first = _AS_GOOD[usability.as_good[0]]
        said[-1:-1] = [told for told in usability.notes if told not in said[0]]
    title = listing(first, tuned.outcome) if tuned is not None and is_looked_at else first
    return Headline(title=title, sentence=sentences(*said))
