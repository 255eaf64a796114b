"""A run folder -> RunRecord: everything a report shows, as plain data.

Any file may be missing (nothing held out, training still going on): what it would have
told is then empty. Texts of at most `MAX_ROWS` test rows are kept, so memory is bounded;
counts and scores are always those of all rows.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tunesmith.evaluation.grade import Comparison, Grade, Score, read_grades
from tunesmith.evaluation.usability.row_signs import read_row_signs
from tunesmith.evaluation.usability.usability import Usability
from tunesmith.evaluation.verdict import Verdict
from tunesmith.examples.example import Example
from tunesmith.files import RUN_MARKER, our_records, read_json, read_json_lines
from tunesmith.language.catalogue import ENGLISH
from tunesmith.report.advice.finding import Finding
from tunesmith.report.data.data_record import DataRecord, read_data_record
from tunesmith.rounds.look_levels import LookStanding, verdict_after_looks

MAX_ROWS = 5_000
BASE, TUNED = "base", "tuned"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPoint:
    """One line of `log.jsonl`; loss in nats per token, `tokens_seen` and `seconds` so far.

    Of preferences, loss is per pair, accuracy the share of pairs; `margin` is their mean.
    """

    step: int
    split: str
    loss: float
    accuracy: float | None = None
    margin: float | None = None
    num_targets: int | None = None
    tokens_seen: int | None = None
    learning_rate: float | None = None
    seconds: float | None = None
    epoch: float | None = None


@dataclass(slots=True, kw_only=True)
class TestRow:
    """One test example with what each model answered and how that was graded."""

    __test__ = False  # not a test, whatever pytest thinks of the name

    example: Example
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # by model
    grades: dict[str, dict[str, Grade]] = field(default_factory=dict)  # by metric, model
    signs: dict[str, Mapping[str, str]] = field(default_factory=dict)  # by model


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCount:
    """How many answers a model wrote.

    `num_cut` of them were cut off at max_new_tokens; `num_near_ties` hang on two tokens that
    are as good as equal.
    """

    num_answers: int
    num_cut: int
    num_near_ties: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFacts:
    """What a run's files of rows come to: see the fields of `RunRecord`."""

    rows: tuple[TestRow, ...] = ()
    num_test_rows: int = 0
    answers: Mapping[str, AnswerCount] = field(default_factory=dict)
    failures: Mapping[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """All that is known of a run."""

    name: str
    recipe: Mapping[str, Any]
    environment: Mapping[str, Any]
    summary: Mapping[str, Any]
    data: DataRecord
    log: tuple[LogPoint, ...]
    rows: tuple[TestRow, ...]
    num_test_rows: int
    answers: Mapping[str, AnswerCount]  # by model
    scores: Mapping[str, Mapping[str, Score]]  # by metric, model; the loss too
    comparisons: tuple[Comparison, ...]
    failures: Mapping[tuple[str, str], Mapping[str, int]]  # by metric and model: reasons
    study: Mapping[str, Any] = field(default_factory=dict)  # of the base model, if it has one
    judge: Mapping[str, Any] = field(default_factory=dict)  # whether to believe it, if there is one
    usability: Usability | None = None  # None for a run of an older version
    probes: Mapping[str, Any] = field(default_factory=dict)  # what was forgotten, if anybody asked
    findings: tuple[Finding, ...] = ()  # what its diagnosis says; see `diagnosis`
    curve: Mapping[str, Any] = field(default_factory=dict)  # what more rows bring, if measured
    recipe_file: str = "recipe.yaml"  # as it was given to the command that began the run
    benchmarks: Mapping[str, Any] = field(default_factory=dict)  # of lm_eval, if there are any
    settings: Mapping[str, Any] = field(default_factory=dict)  # that were found, if any were
    exports: tuple[Mapping[str, Any], ...] = ()  # forms that were read back and compared
    groups: Mapping[str, Any] = field(default_factory=dict)  # scores by task, source, tag, kind
    rounds: Mapping[str, Any] = field(default_factory=dict)  # against the round before, if any
    language: str = ENGLISH  # that it is told in
    looks: LookStanding | None = None  # None where nobody had looked at the test set before

    @property
    def models(self) -> tuple[str, ...]:
        """The models that answered or were scored: base, tuned, then the others by name."""
        known = set(self.answers).union(*self.scores.values())
        first = [model for model in (BASE, TUNED) if model in known]
        return (*first, *sorted(known.difference(first)))

    @property
    def shown(self) -> tuple[str, ...]:
        """The models whose scores stand side by side: base and tuned; all where neither is."""
        own = tuple(model for model in self.models if model in (BASE, TUNED))
        return own or self.models

    @property
    def verdict(self) -> Verdict:
        """Tuned against base, over all metrics, and by the looks at the test set before."""
        own = [c for c in self.comparisons if (c.first, c.second) == (BASE, TUNED)]
        return verdict_after_looks(own, self.looks)

    def comparison(self, metric: str, first: str = BASE) -> Comparison | None:
        """Tuned against another model under one metric."""
        wanted = (metric, first, TUNED)
        found = [c for c in self.comparisons if (c.metric, c.first, c.second) == wanted]
        return found[0] if found else None

    def points(self, split: str) -> list[LogPoint]:
        """The log of one split, by step."""
        return [point for point in self.log if point.split == split]


def _has_searched(folder: Path) -> bool:
    """Whether a search for settings wrote them: a person may have a file of that name."""
    return "search" in _json(folder / "manifest.json")


def read_run_record(folder: Path) -> RunRecord:
    """Read whatever a run has written so far.

    Raises:
        DataError: A file is damaged; the line is named.
    """
    with our_records(folder / "data" / "test.jsonl"):
        rows, num_test_rows = _rows(folder / "data" / "test.jsonl")
    with our_records(folder / "completions"):
        answers = _answers(folder / "completions", rows)
    with our_records(folder / "grades"):
        failures = _grades(folder / "grades", rows)
    with our_records(folder / "signs"):
        _signs(folder / "signs", rows)
    told = RowFacts(
        rows=tuple(rows.values()), num_test_rows=num_test_rows, answers=answers, failures=failures
    )
    return read_run_facts(folder, told)


def read_run_facts(folder: Path, told: RowFacts) -> RunRecord:
    """Read whatever a run has written so far, but its files of rows.

    Args:
        folder: Of the run.
        told: What those say.

    Raises:
        DataError: A file is damaged; the line is named.
    """
    with our_records(folder / "log.jsonl"):
        log = _log(folder / "log.jsonl")
    with our_records(folder / "diagnosis.json"):
        found = _json(folder / "diagnosis.json").get("findings", ())
        findings = tuple(map(Finding.from_json, found))
    with our_records(folder / "scores.json"):
        scored = _scores(_json(folder / "scores.json"))
    recipe = _yaml(folder / "recipe.yaml")
    return RunRecord(
        name=folder.resolve().name,
        recipe=recipe,
        language=str(recipe.get("report", {}).get("language", ENGLISH)),
        environment=_json(folder / "environment.json"),
        summary=_json(folder / "data" / "summary.json"),
        data=read_data_record(folder / "data"),
        log=log,
        rows=told.rows,
        num_test_rows=told.num_test_rows,
        answers=told.answers,
        failures=told.failures,
        study=_json(folder / "study.json"),
        findings=findings,
        curve=_json(folder / "curve.json"),
        recipe_file=str(_json(folder / RUN_MARKER).get("recipe") or "recipe.yaml"),
        exports=tuple(_json(folder / "exports.json").get("exports", ())),
        rounds=_json(folder / "rounds.json"),
        settings=_json(folder / "settings.json") if _has_searched(folder) else {},
        **scored,
    )


def _scores(scores: dict[str, Any]) -> dict[str, Any]:
    by_metric = dict(scores.get("metrics", {}))
    if "loss" in scores:
        by_metric["loss"] = scores["loss"]
    return {
        "scores": {
            metric: {model: Score.from_json(score) for model, score in models.items()}
            for metric, models in by_metric.items()
        },
        "comparisons": tuple(Comparison.from_json(c) for c in scores.get("comparisons", ())),
        "judge": scores.get("judge", {}),
        "usability": Usability.from_json(scores["usability"]) if "usability" in scores else None,
        "probes": scores.get("probes", {}),
        "benchmarks": scores.get("benchmarks", {}),
        "groups": scores.get("groups", {}),
        "looks": LookStanding.from_json(scores["looks"]) if "looks" in scores else None,
    }


def _json(path: Path) -> dict[str, Any]:
    with our_records(path):
        return dict(read_json(path)) if path.is_file() else {}


def _yaml(path: Path) -> dict[str, Any]:
    with our_records(path):
        try:
            return dict(yaml.safe_load(path.read_bytes()) or {}) if path.is_file() else {}
        except yaml.YAMLError as error:
            raise ValueError("not YAML") from error


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    return read_json_lines(path) if path.is_file() else iter(())


def _log(path: Path) -> tuple[LogPoint, ...]:
    """A step that was logged twice, before and after a resume, counts as logged last."""
    points = {
        (record["step"], record["split"]): LogPoint(
            **{key: record[key] for key in LogPoint.__slots__ if key in record}
        )
        for record in _lines(path)
        if record.get("loss") is not None
    }
    return tuple(sorted(points.values(), key=lambda point: point.step))


def _rows(path: Path) -> tuple[dict[str, TestRow], int]:
    rows: dict[str, TestRow] = {}
    number = 0
    for number, record in enumerate(_lines(path), start=1):  # noqa: B007
        if len(rows) < MAX_ROWS:
            rows[record["id"]] = TestRow(example=Example.from_json(record))
    return rows, number


def _written(folder: Path, *keys: str) -> Iterator[Path]:
    """The files of a folder but a user's own, whose records lack these keys."""
    for path in sorted(folder.glob("*.jsonl")):
        first = next(_lines(path), None)
        if first is None or first.keys() >= set(keys):
            yield path


def _answers(folder: Path, rows: Mapping[str, TestRow]) -> dict[str, AnswerCount]:
    counted: dict[str, Counter[str]] = {}
    for path in _written(folder, "model", "finish_reason"):
        for record in _lines(path):
            count = counted.setdefault(record["model"], Counter())
            count["answers"] += 1
            count["cut"] += record["finish_reason"] == "length"
            count["near ties"] += bool(record.get("has_near_tie"))
            if record["example_id"] in rows:
                rows[record["example_id"]].answers.setdefault(record["model"], record)
    return {
        model: AnswerCount(
            num_answers=count["answers"], num_cut=count["cut"], num_near_ties=count["near ties"]
        )
        for model, count in counted.items()
    }


def _signs(folder: Path, rows: Mapping[str, TestRow]) -> None:
    for path in _written(folder, "example_id", "model"):
        for found in read_row_signs(path):
            if found.example_id in rows:
                rows[found.example_id].signs[found.model] = found.signs


def _grades(folder: Path, rows: Mapping[str, TestRow]) -> dict[tuple[str, str], Counter[str]]:
    failures: dict[tuple[str, str], Counter[str]] = {}
    for path in _written(folder, "model", "metric"):
        for grade in read_grades(path):
            if grade.score is None:
                reasons = failures.setdefault((grade.metric, grade.model), Counter())
                reasons[grade.reason or "unknown"] += 1
            if grade.example_id in rows:
                by_model = rows[grade.example_id].grades.setdefault(grade.metric, {})
                by_model.setdefault(grade.model, grade)
    return failures
