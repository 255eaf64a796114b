"""The training rows of a run -> whether there are too few, of all or of some label."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tunesmith.diagnosis.cures import measure_more_rows, more_rows
from tunesmith.diagnosis.training_rules import diverging
from tunesmith.examples.example import Example
from tunesmith.language.translate import Plural, message, translate
from tunesmith.report.advice.finding import Finding
from tunesmith.report.number_text import counted, number
from tunesmith.report.record import RunRecord

_FEW = 100
_FORGOTTEN = 0.5  # nats by which held-out rows are worse than trained ones, and twice the loss
_TASK = "task:"
_MAX_LABELS, _MAX_CHARACTERS = 20, 60
_ROWS_PER_LABEL = 5
_MIN_ROWS = 20
_NEARLY_ALL = 0.9
_UNBALANCED = 8
_FEW_ROWS = Plural(
    "{count:,} training row is few: more rows, or more different ones, would help. How much, the "
    "curve over 1/8, 1/4, 1/2 and all of them tells.",
    "{count:,} training rows are few: more rows, or more different ones, would help. How much, the "
    "curve over 1/8, 1/4, 1/2 and all of them tells.",
)
_BY_HEART = Plural(
    "The model knows its {count:,} training row far better than others like them: more rows, "
    "or more different ones, would help. How much, the curve over 1/8, 1/4, 1/2 and all of them "
    "tells.",
    "The model knows its {count:,} training rows far better than others like them: more rows, "
    "or more different ones, would help. How much, the curve over 1/8, 1/4, 1/2 and all of them "
    "tells.",
)
_RARE = message(
    "The answers are labels, and {label!r} is rare beside {other_label!r}: the model hardly meets "
    "it. About {count:,} more rows of {label!r} would help."
)
_RARE_OF_TASK = message(
    "The answers of task {name!r} are labels, and {label!r} is rare beside {other_label!r}: the "
    "model hardly meets it. About {count:,} more rows of {label!r} would help."
)


def too_few_rows(record: RunRecord) -> Finding | None:
    """The rows are learned by heart, or so few that hardly anything can be learned."""
    if record.curve:
        return _by_curve(record)
    rows = record.summary.get("splits", {}).get("train", {}).get("rows", 0)
    gap = _gap(record)
    by_heart = gap is not None and gap[1] > max(gap[0] + _FORGOTTEN, 2 * gap[0])
    by_heart = by_heart and diverging(record) is None
    if not rows or (rows >= _FEW and not by_heart):
        return None
    places = (
        message("{value} nats per token on training rows"),
        message("{value} nats per token on held-out rows"),
    )
    losses = zip(gap or (), places, strict=False)
    figures = [translate(place, value=number(loss, 3)) for loss, place in losses]
    return Finding(
        rule="too few rows",
        severity="would help",
        sentence=(_BY_HEART if by_heart else _FEW_ROWS).of(rows),
        evidence=(counted(rows, "training row"), *figures),
        change=measure_more_rows(record),
    )


def _by_curve(record: RunRecord) -> Finding | None:
    """What the curve over the rows says, where it says that more would help."""
    doubling = record.curve["metrics"][record.curve["main"]]["doubling"]
    if doubling.get("outcome") != "gain":
        return None
    return Finding(
        rule="too few rows",
        severity="would help",
        sentence=str(record.curve["sentence"]),
        evidence=(
            translate(
                "measured on {sizes} rows", sizes=", ".join(f"{n:,}" for n in record.curve["sizes"])
            ),
        ),
        change=more_rows("rows"),
    )


def _gap(record: RunRecord) -> tuple[float, float] | None:
    """The loss on training rows over the last tenth, and on held-out rows at their end."""
    train, held_out = record.points("train"), record.points("validation")
    if not train or not held_out or (train[-1].epoch or 0) < 1:
        return None
    last = train[-max(1, len(train) // 10) :]
    weights = [point.num_targets or 1 for point in last]
    mean = sum(p.loss * w for p, w in zip(last, weights, strict=True)) / sum(weights)
    return mean, held_out[-1].loss


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCount:
    """How often each answer of a closed set stands in the rows of a task (or of all)."""

    task: str | None
    counts: Counter[str]

    @property
    def ratio(self) -> float:
        """How many rows of the commonest there are for one of the rarest."""
        return max(self.counts.values()) / min(self.counts.values())


def unbalanced_labels(record: RunRecord) -> Finding | None:
    """Answers are labels, and some are far rarer than others."""
    found = [one for one in _label_counts(record.data.train) if one.ratio >= _UNBALANCED]
    if not found:
        return None
    worst = max(found, key=lambda one: one.ratio)
    (most, many), *_, (least, few) = worst.counts.most_common()
    rows = [row for row in record.data.train if row.reference.strip() == least]
    return Finding(
        rule="unbalanced labels",
        severity="would help",
        sentence=translate(
            _RARE_OF_TASK if worst.task else _RARE,
            name=worst.task,
            label=least,
            other_label=most,
            count=many // 3 - few,
        ),
        evidence=tuple(f"{label}: {count:,}" for label, count in worst.counts.most_common()),
        rows=tuple(row.source for row in rows[:3]),
        change=more_rows(least),
    )


def _label_counts(rows: Iterable[Example]) -> Iterator[LabelCount]:
    """Of each task, and of rows without one, where few short answers are nearly all there is."""
    by_task: dict[str | None, Counter[str]] = {}
    for row in rows:
        task = next((tag for tag in row.tags if tag.startswith(_TASK)), None)
        by_task.setdefault(task, Counter())[row.reference.strip()] += 1
    for task, counts in by_task.items():
        repeated = Counter({label: count for label, count in counts.items() if count > 1})
        is_short = all(len(label) <= _MAX_CHARACTERS for label in repeated)
        enough = counts.total() >= max(_MIN_ROWS, _ROWS_PER_LABEL * len(repeated))
        covers = repeated.total() >= _NEARLY_ALL * counts.total()
        if is_short and enough and covers and 2 <= len(repeated) <= _MAX_LABELS:
            yield LabelCount(task=task.removeprefix(_TASK) if task else None, counts=repeated)
