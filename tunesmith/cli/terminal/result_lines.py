"""What the stages return -> the lines a person reads at the end of a command."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from tunesmith.sources.source_sums import sum_sentences

Record = Mapping[str, Any]
_MAX_SOURCES = 12


def result_lines(result: Record) -> Iterator[str]:
    """The lines of one result: what the stage itself wrote for people, else every entry."""
    if told := result.get("story") or result.get("summary"):
        lines = told.splitlines() if isinstance(told, str) else list(told)
        yield from lines
        if "report" in result and str(result["report"]) not in "\n".join(lines):
            yield from ("", f"Report: {result['report']}")
        return
    special: dict[str, Callable[[Any], Iterator[str]]] = {
        "dropped": _dropped_lines,
        "splits": _split_lines,
        "by_source": _source_lines,
        "not_read": _not_read_lines,
        "sums": sum_sentences,
        "files": _file_lines,
        "scores": _score_lines,
        "loss": partial(_loss_lines, unit="pair" if "reward_accuracy" in result else "token"),
        "accuracy": _accuracy_lines,
        "reward_accuracy": _reward_lines,
        "judge": _judge_lines,
    }
    if "metrics" in result:
        yield from _score_lines(result)
        result = _without(result, ("metrics", "comparisons", "loss", "normalisation", "groups"))
    unsaid = ["schema", "report", "notices", "read_as", "summary"]
    if "notices" in result:
        unsaid.append("not_read")  # a notice says it
    for name, value in _without(result, unsaid).items():
        if name in special:
            yield from special[name](value)
        elif value is not None and not isinstance(value, Mapping):
            yield f"{_words(name)}: {_number(name, value)}"
        elif isinstance(value, Mapping):
            yield from _mapping_lines(name, value)
    if "report" in result:
        yield f"report: {result['report']}"


def _without(record: Record, names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def _mapping_lines(name: str, value: Record) -> Iterator[str]:
    """A stage's own result inside the result of `run`, or plain pairs."""
    if any(isinstance(one, Mapping) for one in value.values()):
        yield from result_lines(value)
    elif value:
        yield f"{_words(name)}: {', '.join(f'{_words(key)} {one}' for key, one in value.items())}"


def _dropped_lines(dropped: Record) -> Iterator[str]:
    total = sum(dropped.values())
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in dropped.items() if count)
    yield f"dropped: {total:,}" + (f" ({reasons})" if reasons else "")


def _source_lines(sources: Record) -> Iterator[str]:
    """What each file gave, under its own name; of very many the first."""
    shown = list(sources.items())[:_MAX_SOURCES]
    for name, counts in shown:
        yield f"{name}: " + ", ".join(f"{key} {count:,}" for key, count in counts.items())
    if hidden := len(sources) - len(shown):
        yield f"... and {hidden:,} more files"


def _not_read_lines(sources: Record) -> Iterator[str]:
    """What was passed over on purpose, a line a file."""
    for source, names in sources.items():
        told = ", ".join(f"{name} ({counts['number']:,})" for name, counts in names.items())
        yield f"not read in {source}: {told}"


def _file_lines(files: Record) -> Iterator[str]:
    """Files by the names that they have, with their sizes."""
    yield "files: " + ", ".join(f"{name} {count:,} bytes" for name, count in files.items())


def _split_lines(splits: Record) -> Iterator[str]:
    for name, counts in splits.items():
        words = ", ".join(f"{count:,} {_words(key)}" for key, count in counts.items())
        yield f"{name}: {words}"


def _loss_lines(loss: Record, *, unit: str) -> Iterator[str]:
    pairs = (f"{name} {value:.4f}" for name, value in loss.items() if value is not None)
    yield f"loss (nats per {unit}): {', '.join(pairs)}"


def _accuracy_lines(accuracy: float) -> Iterator[str]:
    yield f"next tokens right (validation): {accuracy:.1f} %"


def _reward_lines(accuracy: float) -> Iterator[str]:
    yield f"chosen answers preferred (validation): {accuracy:.1f} %"


def _judge_lines(judge: Record) -> Iterator[str]:
    reasons = f" ({'; '.join(judge['trust']['reasons'])})" if judge["trust"]["reasons"] else ""
    yield f"judge {judge['name']}: {judge['trust']['verdict']}{reasons}"


def _score_lines(scores: Record) -> Iterator[str]:
    """A line a metric and model, then a line a comparison."""
    tables = {**scores.get("metrics", {}), "loss": scores.get("loss", {})}
    for metric, models in tables.items():
        for model, score in models.items():
            yield f"{metric:<16}{model:<12}{_score(score)}"
    for one in scores.get("comparisons", ()):
        yield (
            f"{one['metric']:<16}{one['second']} against {one['first']}: "
            f"{_signed(one['difference'])} [{_signed(one['low'])}, {_signed(one['high'])}], "
            f"{one['verdict']}"
        )


def _score(score: Record) -> str:
    failed = f", {score['failed']} failed" if score["failed"] else ""
    if "low_if_failed" in score:
        low, high = score["low_if_failed"], score["high_if_failed"]
        failed += f": {low:.2f} or {high:.2f} had they earned 0 or 100"
    rows = f"{score['count']:,} rows{failed}"
    if score["value"] is None:
        return f"no score  ({rows})"
    low, high = (_plain(score[end]) for end in ("low", "high"))
    return f"{score['value']:8.2f}  [{low}, {high}]  ({rows})"


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"


def _words(name: str) -> str:
    return name.removesuffix("_bytes").replace("_", " ")


def _number(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if name.endswith("_bytes"):
        return f"{value / 2**20:,.0f} MiB"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
