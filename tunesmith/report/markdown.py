"""RunRecord -> report.md: the verdict, the scores, some rows and the data, as text."""

import re

from tunesmith.language.retell import as_shown
from tunesmith.language.translate import translate
from tunesmith.report.advice.curve_section import TITLE, curve_rows
from tunesmith.report.advice.finding_text import finding_blocks
from tunesmith.report.data.data_facts import SOURCE_HEADS, data_facts, source_lines
from tunesmith.report.exports.export_section import NOTE as EXPORT_NOTE
from tunesmith.report.exports.export_section import TITLE as EXPORT_TITLE
from tunesmith.report.exports.export_section import export_lines, export_rows
from tunesmith.report.facts import facts, headline
from tunesmith.report.judge_facts import (
    bound_lines,
    files_of,
    judge_sentence,
    preference_rows,
    trust_rows,
)
from tunesmith.report.number_text import counted, rows_text
from tunesmith.report.probes.probe_facts import (
    benchmark_rows,
    probe_remarks,
    probe_rows,
    probe_sentence,
)
from tunesmith.report.record import TUNED, RunRecord, TestRow
from tunesmith.report.rounds.round_section import TITLE as ROUNDS_TITLE
from tunesmith.report.rounds.round_section import kind_rows, round_rows, round_sentences
from tunesmith.report.score_lines import (
    ScoreLine,
    failure_lines,
    loss_line,
    rival_lines,
    score_lines,
)
from tunesmith.report.training.search_section import search_line
from tunesmith.report.usability_lines import (
    RATES_NOTE,
    UsabilityLine,
    band_lines,
    bands_note,
    findings_told,
    usability_lines,
)

NUM_ROWS = 20
NUM_CONTRADICTIONS = 5
_MAX_TEXT = 1_500
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|!&~])")


def report_markdown(record: RunRecord, *, has_curves: bool) -> str:
    """The whole file."""
    title, sentence = headline(record)
    blocks = [
        f"# {markdown_escaped(record.name)}",
        f"**{title}{translate('.')}** {markdown_escaped(sentence)}",
    ]
    blocks.append("\n".join(f"- {name}: {markdown_escaped(told)}" for name, told in facts(record)))
    blocks += [*finding_blocks(record, markdown_escaped), *_scores(record)]
    blocks += [
        *_usable(record),
        *_rounds(record),
        *_judge(record),
        *_exports(record),
        *_probes(record),
    ]
    if has_curves:
        alt = translate("Loss and learning rate over {axis}", axis=translate("Steps").lower())
        blocks += [f"## {translate('Training')}", f"![{alt}](curves.svg)"]
        blocks += [search_line(record.settings)] if record.settings else []
    blocks += [*_curve(record), *_answers(record)]
    blocks += _data(record)
    blocks.append(
        translate(
            "Every number here can be recomputed from {files} beside this file.",
            files=files_of(record),
        )
    )
    return "\n\n".join(block for block in blocks if block) + "\n"


def _curve(record: RunRecord) -> list[str]:
    if not record.curve:
        return []
    sentence = as_shown(str(record.curve["sentence"]))
    return [f"## {translate(TITLE)}", sentence, table_lines(curve_rows(record.curve))]


def markdown_escaped(value: str) -> str:
    """A text on one line, without a character that Markdown or HTML would act on."""
    return _SPECIAL.sub(r"\\\1", " ".join(value.split())).replace("\\<", "&lt;")


def _scores(record: RunRecord) -> list[str]:
    lines, loss = score_lines(record), loss_line(record)
    blocks = []
    if lines:
        note = translate("0 to 100, with 95 % intervals.")
        blocks += [f"## {translate('Scores')}", note, _table(record, lines)]
    if loss is not None:
        blocks += [
            f"## {translate('Loss on the test rows')}",
            translate("Nats per token; lower is better."),
            _table(record, [loss]),
        ]
    rivals = rival_lines(record)
    if rivals:
        blocks += [f"## {translate('Tuned against rivals')}", _rivals(rivals)]
    remarks = failure_lines(record)
    return [*blocks, "\n".join(f"- {markdown_escaped(line)}" for line in remarks)]


def _usable(record: RunRecord) -> list[str]:
    """Which answers can be used; nothing for an older run."""
    lines, bands = usability_lines(record), band_lines(record.usability)
    if not lines or record.usability is None:
        return []
    blocks = [f"## {translate('Usable?')}", translate(RATES_NOTE)]
    blocks += map(markdown_escaped, findings_told(record))
    blocks.append(_rate_table(record, lines, translate("Of the answers")))
    if bands:
        blocks += [bands_note(record.usability), _rate_table(record, bands, translate("Questions"))]
    return blocks


def _rate_table(record: RunRecord, lines: list[UsabilityLine], head: str) -> str:
    models = [model for model in record.models if any(model in line.scores for line in lines)]
    rows = [[head, *map(markdown_escaped, models)]]
    for line in lines:
        title = f"– {line.title}" if line.is_inner else line.title
        rows.append([title, *(f"{line.value(m)} ({line.interval(m)})" for m in models)])
    return table_lines(rows)


def _judge(record: RunRecord) -> list[str]:
    """Whether to believe the judge; nothing without one."""
    if not record.judge:
        return []
    tried = [[markdown_escaped(name), told] for name, told in trust_rows(record.judge)]
    blocks = [f"## {translate('The judge')}", markdown_escaped(judge_sentence(record.judge))]
    blocks.append(table_lines([[translate("Tried with planted answers"), ""], *tried]))
    if pairs := preference_rows(record):
        blocks.append(table_lines([[markdown_escaped(cell) for cell in row] for row in pairs]))
    return [*blocks, "\n".join(f"- {markdown_escaped(line)}" for line in bound_lines(record))]


def _rounds(record: RunRecord) -> list[str]:
    """This round against the one before; nothing where none was."""
    if not record.rounds:
        return []
    told = [markdown_escaped(sentence) for sentence in round_sentences(record.rounds)]
    tables = [kind_rows(record.rounds), round_rows(record.rounds)]
    shown = [
        table_lines([[markdown_escaped(cell) for cell in row] for row in rows])
        for rows in tables
        if len(rows) > 1
    ]
    return [f"## {ROUNDS_TITLE}", " ".join(told), *shown]


def _exports(record: RunRecord) -> list[str]:
    """What was exported; nothing where nothing was."""
    if not record.exports:
        return []
    rows = [[markdown_escaped(cell) for cell in row] for row in export_rows(record.exports)]
    lines = "\n".join(f"- {markdown_escaped(line)}" for line in export_lines(record.exports))
    return [f"## {translate(EXPORT_TITLE)}", translate(EXPORT_NOTE), table_lines(rows), lines]


def _probes(record: RunRecord) -> list[str]:
    """What was forgotten; nothing where nobody asked."""
    if not record.probes and not record.benchmarks:
        return []
    blocks = [f"## {translate('What it forgot')}", markdown_escaped(probe_sentence(record.probes))]
    for rows in (probe_rows(record.probes), benchmark_rows(record.benchmarks)):
        if rows:
            blocks.append(table_lines([[markdown_escaped(cell) for cell in row] for row in rows]))
    remarks = probe_remarks(record.probes)
    return [*blocks, "\n".join(f"- {markdown_escaped(line)}" for line in remarks)]


def _table(record: RunRecord, lines: list[ScoreLine]) -> str:
    models = [model for model in record.models if any(model in line.scores for line in lines)]
    is_compared = TUNED in models
    heads = [translate("Metric"), *(markdown_escaped(model) for model in models)]
    heads += [translate("Tuned − base"), translate("Verdict")] if is_compared else []
    rows = [
        [
            line.title,
            *(_cell(line, model) for model in models),
            *(_compared(line) if is_compared else ()),
        ]
        for line in lines
    ]
    return table_lines([heads, *rows])


def _rivals(rivals: list[tuple[str, ScoreLine]]) -> str:
    rows = [[line.title, markdown_escaped(rival), *_compared(line)] for rival, line in rivals]
    heads = ("Metric", "Rival", "Tuned − rival", "Verdict")
    return table_lines([[translate(head) for head in heads], *rows])


def table_lines(rows: list[list[str]]) -> str:
    """Rows of cells, the first of them the head, as a table."""
    rule = ["---"] * len(rows[0])
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def _cell(line: ScoreLine, model: str) -> str:
    if model not in line.scores:
        return line.value(model)
    return f"{line.value(model)} ({line.interval(model)}), {rows_text(line.scores[model])}"


def _compared(line: ScoreLine) -> tuple[str, str]:
    if line.comparison is None:
        return line.difference, as_shown(line.verdict)
    rows = counted(line.comparison.count, "row")
    difference = f"{line.difference} ({line.difference_interval}), {rows}"
    return difference, f"{as_shown(line.verdict)} ({line.p_text})"


def _answers(record: RunRecord) -> list[str]:
    if not record.rows:
        return []
    blocks = [f"## {translate('Answers, side by side')}"]
    if record.num_test_rows > NUM_ROWS:
        blocks.append(
            translate(
                "The first {count:,} of {total:,} test rows; report.html has more.",
                count=NUM_ROWS,
                total=record.num_test_rows,
            )
        )
    for number, row in enumerate(record.rows[:NUM_ROWS], start=1):
        blocks += _row(record, row, number)
    return blocks


def _row(record: RunRecord, row: TestRow, number: int) -> list[str]:
    source = markdown_escaped(row.example.source)
    blocks = [f"### {translate('Row {number}: {source}', number=number, source=source)}"]
    for message in row.example.prompt:
        blocks.append(f"{as_shown(message.role)}:\n\n{quoted(message.content)}")
        if message.input:
            blocks.append(f"{translate('input')}:\n\n{quoted(message.input)}")
    blocks.append(f"{translate('reference')}:\n\n{quoted(row.example.reference)}")
    for model in record.models:
        if model in row.answers:
            blocks.append(f"{markdown_escaped(model)}:\n\n{quoted(row.answers[model]['text'])}")
    return blocks


def quoted(value: str) -> str:
    """A text as an indented block, which shows every character as it is."""
    if not value.strip():
        return f"    {translate('(empty)')}"
    cut = value[:_MAX_TEXT] + (" …" if len(value) > _MAX_TEXT else "")
    lines = re.split(r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", cut)
    return "\n".join(f"    {line}" for line in lines)


def _data(record: RunRecord) -> list[str]:
    if not record.summary:
        return []
    dropped = record.summary.get("dropped", {})
    kept = counted(int(record.summary.get("kept", 0)), "row")
    lines = [f"- {name}: {markdown_escaped(told)}" for name, told in data_facts(record)]
    lines += [
        "- "
        + translate(
            "dropped: {reason}: {count:,}", reason=markdown_escaped(as_shown(reason)), count=count
        )
        for reason, count in dropped.items()
    ]
    notices = record.summary.get("notices", ())
    lines += [f"- {markdown_escaped(as_shown(str(notice)))}" for notice in notices]
    out = sum(dropped.values())
    told = translate("{rows} kept, {count:,} dropped.", rows=kept, count=out)
    blocks = [f"## {translate('Data')}", told, "\n".join(lines)]
    return [*blocks, *_sources(record), *_contradictions(record)]


def _sources(record: RunRecord) -> list[str]:
    sources, note = source_lines(record)
    if not sources:
        return []
    rows = [[markdown_escaped(cell) for cell in line] for line in sources]
    return [table_lines([list(map(translate, SOURCE_HEADS)), *rows]), note]


def _contradictions(record: RunRecord) -> list[str]:
    """The first pairs; the page shows more."""
    shown = record.data.contradictions[:NUM_CONTRADICTIONS]
    title = translate("Contradictions, for a person to decide")
    blocks = [f"### {title}"] if shown else []
    for one in shown:
        blocks.append(markdown_escaped(str(one["question"])))
        for answer in (one["first"], one["second"]):
            blocks.append(
                f"{markdown_escaped(str(answer['source']))}:\n\n{quoted(str(answer['answer']))}"
            )
    return blocks
