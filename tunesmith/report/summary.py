"""RunRecord -> the few lines that a terminal shows at the end of a run."""

from pathlib import Path

from tunesmith.report.facts import facts, headline
from tunesmith.report.figures import rows_text
from tunesmith.report.record import RunRecord
from tunesmith.report.score_lines import ScoreLine, failure_lines, loss_line, score_lines


def summary_lines(record: RunRecord, *, report: Path | None = None) -> list[str]:
    """The verdict, what was trained, the scores as a table, and where the report lies."""
    title, sentence = headline(record)
    lines = [f"{title}. {sentence}", ""]
    width = max((len(name) for name, _ in facts(record)), default=0)
    lines += [f"{name:<{width}}  {told}" for name, told in facts(record)]
    loss = loss_line(record)
    scored = [*score_lines(record), *([loss] if loss else [])]
    if scored:
        lines += ["", *_table(record.models, scored)]
    remarks = failure_lines(record)
    if remarks:
        lines += ["", *remarks]
    if report is not None:
        lines += ["", f"Report: {report}"]
    return lines


def _table(models: tuple[str, ...], scored: list[ScoreLine]) -> list[str]:
    rows = [["", *models, "tuned − base", "verdict"]]
    for line in scored:
        cells = [f"{line.value(m)} ({line.interval(m)})" for m in models]
        difference = f"{line.difference} ({line.difference_interval})"
        rows.append([line.title, *cells, difference, f"{line.verdict}, {line.p_text}"])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    counts = {rows_text(score) for line in scored for score in line.scores.values()}
    return [*table, f"({counts.pop()} each; 95 % intervals)"] if len(counts) == 1 else table
