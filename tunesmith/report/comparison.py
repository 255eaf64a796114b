"""What `compare` found -> lines for a terminal, and a Markdown file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tunesmith.evaluation.grade import Comparison
from tunesmith.evaluation.verdict import metric_title
from tunesmith.report.markdown import markdown_escaped, quoted, table_lines
from tunesmith.report.number_text import (
    NOTHING,
    counted,
    digits_of,
    interval,
    number,
    p_text,
    signed,
)

Result = Mapping[str, Any]
_SIDES = ("A", "B")
_ONE_RUN = (
    "One run a side: with another seed it could be otherwise. A claim about a recipe takes "
    "several runs a side, tuned with different training.seed."
)
_MAX_TEXT = 300
_HEADING, _DIFFERENCES = "# Comparison", "## What differs, A → B"


def comparison_lines(result: Result) -> list[str]:
    """The verdict, what differs, the scores as a table, and the rows that differ most."""
    lines = [f"{_title(result)} {_sentence(result)}", ""]
    lines += [f"{side}  {', '.join(result['sides'][side])}" for side in _SIDES]
    lines += ["", "What differs, A → B"]
    width = max(len(part) for part, _ in _differences(result))
    lines += [f"  {part:<{width}}  {told}" for part, told in _differences(result)]
    table = _table(result)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines += ["", *("  ".join(map(str.ljust, row, widths)).rstrip() for row in table)]
    lines += ["", *_remarks(result)]
    for row in result["answers"]:
        lines += ["", f"{signed(row['difference'])}  {row['source']}"]
        lines += [f"  {name:<10}  {_one_line(text)}" for name, text in _texts(row)]
    return lines


def is_comparison(path: Path) -> bool:
    """Whether a file is such a page, so that another may take its place."""
    text = path.read_bytes()
    return text.startswith(_HEADING.encode()) and f"\n{_DIFFERENCES}\n".encode() in text


def comparison_markdown(result: Result) -> str:
    """The same as a file."""
    blocks = [_HEADING, f"**{_title(result)}** {markdown_escaped(_sentence(result))}"]
    blocks.append(
        "\n".join(
            f"- {side}: {markdown_escaped(', '.join(result['sides'][side]))}" for side in _SIDES
        )
    )
    differences = [f"- {part}: {markdown_escaped(told)}" for part, told in _differences(result)]
    blocks += [_DIFFERENCES, "\n".join(differences)]
    blocks += ["## Scores", table_lines(_table(result))]
    blocks.append("\n".join(f"- {markdown_escaped(remark)}" for remark in _remarks(result)))
    if result["answers"]:
        blocks.append("## Rows whose answers differ most")
    for row in result["answers"]:
        blocks.append(f"### {signed(row['difference'])}: {markdown_escaped(row['source'])}")
        blocks += [f"{markdown_escaped(name)}:\n\n{quoted(text)}" for name, text in _texts(row)]
    return "\n\n".join(blocks) + "\n"


def _title(result: Result) -> str:
    return f"{result['verdict']['outcome'].capitalize()}."


def _sentence(result: Result) -> str:
    return str(result["verdict"]["sentence"])


def _differences(result: Result) -> list[tuple[str, str]]:
    """What differs, a line a setting or split; "the same" for a part that does not."""
    found = result["differences"]
    lines: list[tuple[str, str]] = []
    for part in ("recipe", "data", "model", "engine"):
        told = list(_data(found["data"]) if part == "data" else _settings(found[part]))
        lines += [(part, line) for line in told or ["the same"]]
    return lines


def _settings(found: list[dict[str, Any]]) -> Iterator[str]:
    for one in found:
        a, b = (_values(one[side]) for side in _SIDES)
        yield f"{one['key']}: {a} → {b}"


def _values(values: list[str | None]) -> str:
    return " | ".join(NOTHING if value is None else value for value in values)


def _data(splits: Mapping[str, Any]) -> Iterator[str]:
    for split, found in splits.items():
        if not found["added"] and not found["removed"]:
            continue
        yield (
            f"{split}: {found['A']:,} → {counted(found['B'], 'row')}, "
            f"{found['added']:,} added, {found['removed']:,} removed"
        )
        for name, sign in (("added_rows", "+"), ("removed_rows", "\u2212")):
            yield from (f"{sign} {row['source']}: {_one_line(row['text'])}" for row in found[name])


def _table(result: Result) -> list[list[str]]:
    rows = [["", *_SIDES, "B \u2212 A (95 %)", "verdict"]]
    for record in result["comparisons"]:
        found = Comparison.from_json(record)
        digits = digits_of(found.metric)
        values = [_score(result["metrics"][found.metric][side], digits=digits) for side in _SIDES]
        around = interval(found.low, found.high, digits, sign=True)
        difference = f"{signed(found.difference, digits)} ({around})"
        verdict = f"{found.verdict}, {p_text(found)}"
        rows.append([metric_title(found.metric), *values, difference, verdict])
    return rows


def _score(score: Mapping[str, Any], *, digits: int) -> str:
    """A side's mean, and behind it the lowest and highest of its runs if it has several."""
    value, runs = number(score["value"], digits), score["runs"]
    if len(runs) < 2:
        return value
    return f"{value} [{number(min(runs), digits)} to {number(max(runs), digits)}]"


def _remarks(result: Result) -> list[str]:
    rows = result["rows"]
    remarks = [
        f"{counted(rows['common'], 'test row')} in common; A has {rows['A']:,}, B {rows['B']:,}."
    ]
    left_out: dict[int, list[str]] = {}
    for one in result["comparisons"]:
        left_out.setdefault(one["left_out"], []).append(metric_title(one["metric"]))
    remarks += [
        f"{counted(count, 'row')} left out under {', '.join(metrics)}, for some run failed on it."
        for count, metrics in left_out.items()
        if count
    ]
    if result["claim"] != "this recipe":
        remarks.append(_ONE_RUN)
    else:
        remarks.append("In brackets the lowest and the highest run of a side.")
    if result["forced"]:
        refused = "; ".join(result["forced"]["refused"])
        remarks.append(f"Forced ({result['forced']['reason']}): {refused}.")
    return remarks


def _texts(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Prompt, reference and the answers of both sides; how many of a side's runs gave each."""
    yield "prompt", row["prompt"]
    yield "reference", row["reference"]
    for side in _SIDES:
        num_runs = sum(len(one["runs"]) for one in row[side])
        for answer in row[side]:
            share = f" ({len(answer['runs'])} of {num_runs})" if num_runs > 1 else ""
            yield side + share, answer["text"]


def _one_line(text: str) -> str:
    line = " / ".join(part.strip() for part in text.splitlines() if part.strip())
    return line if len(line) <= _MAX_TEXT else f"{line[:_MAX_TEXT]} …"
