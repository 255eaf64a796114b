"""This package's words, as records: can a model's answers be used, and on what does that rest?

On disk: `usability` in `scores.json`; `signs/<name>.jsonl` holds a mark a line, as grades do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tunesmith.evaluation.grade import Score

UsabilityOutcome = Literal["usable", "usable with care", "not usable yet", "not judged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsabilityFinding:
    """One rule that keeps answers from being called usable.

    Attributes:
        rule: Its name in the table of rules.
        outcome: The best that the answers can be called because of it.
        sentence: Why, with the figures.
        rate: What it rests on, 0 to 100 with its interval.
        rows: The first test rows to look at.
    """

    rule: str
    outcome: UsabilityOutcome
    sentence: str
    rate: Score
    rows: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The record as it stands in `scores.json`."""
        return {
            "rule": self.rule,
            "outcome": self.outcome,
            "sentence": self.sentence,
            "rate": self.rate.to_json(),
            "rows": list(self.rows),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "UsabilityFinding":
        """The finding that `to_json` wrote."""
        rate, rows = Score.from_json(record["rate"]), tuple(record["rows"])
        return cls(**{**record, "rate": rate, "rows": rows})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsability:
    """Whether one model's answers can be used, in words; the gravest finding comes first."""

    outcome: UsabilityOutcome
    sentence: str
    findings: tuple[UsabilityFinding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The record as it stands in `scores.json`."""
        findings = [finding.to_json() for finding in self.findings]
        return {"outcome": self.outcome, "sentence": self.sentence, "findings": findings}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "ModelUsability":
        """What `to_json` wrote."""
        findings = tuple(map(UsabilityFinding.from_json, record["findings"]))
        return cls(**{**record, "findings": findings})


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The test rows that are near to training rows, or far from them, and each model's score."""

    count: int
    scores: Mapping[str, Score]  # by model


@dataclass(frozen=True, slots=True, kw_only=True)
class Usability:
    """Whether each model's answers can be used, and all that this rests on.

    Attributes:
        models: The words, by model.
        rates: Of answers with a sign, of `faulty` ones (any sign), of `right` ones; 0 to 100, by
            name and model.
        forms: How many references are of which form.
        as_good: The baselines than which tuned is not shown to be better: `nearest`, `few-shot`.
        notes: What each of them means, a sentence each.
        bands: `near` and `far`, where rows of both kinds were measured.
        band_limit: From which similarity on, 0 to 1, a row is near.
    """

    models: Mapping[str, ModelUsability]
    rates: Mapping[str, Mapping[str, Score]] = field(default_factory=dict)
    forms: Mapping[str, int] = field(default_factory=dict)
    as_good: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    bands: Mapping[str, Band] = field(default_factory=dict)
    band_limit: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The record as it stands in `scores.json`."""
        return {
            "models": {name: one.to_json() for name, one in self.models.items()},
            "rates": {name: _scores_json(scores) for name, scores in self.rates.items()},
            "forms": dict(self.forms),
            "as_good": list(self.as_good),
            "notes": list(self.notes),
            "bands": {
                name: {"count": band.count, "scores": _scores_json(band.scores)}
                for name, band in self.bands.items()
            },
            "band_limit": self.band_limit,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Usability":
        """The record that `to_json` wrote."""
        bands = record["bands"].items()
        return cls(
            models={name: ModelUsability.from_json(one) for name, one in record["models"].items()},
            rates={name: _scores(scores) for name, scores in record["rates"].items()},
            forms=dict(record["forms"]),
            as_good=tuple(record["as_good"]),
            notes=tuple(record["notes"]),
            bands={n: Band(count=b["count"], scores=_scores(b["scores"])) for n, b in bands},
            band_limit=record["band_limit"],
        )


def _scores_json(scores: Mapping[str, Score]) -> dict[str, Any]:
    return {model: score.to_json() for model, score in scores.items()}


def _scores(scores: Mapping[str, Any]) -> dict[str, Score]:
    return {model: Score.from_json(score) for model, score in scores.items()}
