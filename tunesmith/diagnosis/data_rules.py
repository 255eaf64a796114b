"""What was read, and how -> what is wrong with the rows: lengths, headers, copies that disagree."""

from collections import Counter

from tunesmith.diagnosis.cures import again_with, command
from tunesmith.examples.edits.apply_edits import is_by_hand
from tunesmith.examples.language import sure_language
from tunesmith.examples.leave_out import LEFT_OUT
from tunesmith.examples.splitting.assign import RETIRED_TEST_ROW
from tunesmith.language.translate import listing_with_and, message, sentences, translate
from tunesmith.report.advice.finding import Finding
from tunesmith.report.number_text import counted
from tunesmith.report.record import RunRecord
from tunesmith.templates.wrapped import doubled_header

_SHOWN = 3
_TOO_LONG = "too long"
_EXPECTED = (
    "exact duplicate",
    "near duplicate",
    "bridges splits",
    "over its weight",
    RETIRED_TEST_ROW,
    LEFT_OUT,
    _TOO_LONG,
)
_MANY_LONG = 0.02  # of the rows
_MANY_DROPPED = 0.1
_MANY_CONTRADICTIONS = 0.02
_MANY_HEADERS = 0.05
_MIXED = 0.05  # of the rows whose language is sure
_LANGUAGE_ROWS = 200
_NO_MORE = message(
    "The model, or the memory here, takes no more: cut those rows into shorter ones, too."
)
_LONGER_MODEL = "model:\n  name: A-MODEL-THAT-READS-LONGER-TEXTS"
_MIN_ROWS = 3
_BARE = ("concatenate", "plain")  # templates that write no headers


def rows_too_long(record: RunRecord) -> Finding | None:
    """Rows were dropped for their length."""
    dropped = record.summary.get("dropped", {}).get(_TOO_LONG, 0)
    total = dropped + record.summary.get("kept", 0)
    if not dropped or dropped < _MANY_LONG * total:
        return None
    limit = record.data.lengths.get("max_tokens", 512)
    some = record.data.dropped.get(_TOO_LONG, ())
    told = translate(
        "{count:,} of {total:,} rows are longer than {limit:,} tokens and were left out; what they "
        "teach is missing.",
        count=dropped,
        total=total,
        limit=limit,
    )
    is_all_there_is = record.recipe.get("training", {}).get("max_tokens") == "auto"
    return Finding(
        rule="rows too long",
        severity="fix first" if dropped > total / 4 else "would help",
        sentence=sentences(told, translate(_NO_MORE) if is_all_there_is else ""),
        evidence=tuple(str(one.get("detail", "")) for one in some[:_SHOWN]),
        rows=tuple(str(one["source"]) for one in some[:_SHOWN]),
        change=_LONGER_MODEL
        if is_all_there_is
        else again_with(record, training__max_tokens=2 * limit),
    )


def much_dropped(record: RunRecord) -> Finding | None:
    """A tenth of what was read became no row, for reasons that may be a mistake in reading."""
    reasons = record.summary.get("dropped", {})
    odd = Counter({why: count for why, count in reasons.items() if not _is_expected(why)})
    total = sum(reasons.values()) + record.summary.get("kept", 0)
    if not total or odd.total() < max(_MIN_ROWS, _MANY_DROPPED * total):
        return None
    ((reason, _),) = odd.most_common(1)
    some = record.data.dropped.get(reason, ())
    return Finding(
        rule="much dropped",
        severity="would help",
        sentence=translate(
            "{count:,} of {rows} were left out, most as {reason!r}; the source may have to be read "
            "in another way.",
            count=odd.total(),
            rows=counted(total, "row"),
            reason=reason,
        ),
        evidence=tuple(
            translate("{reason}: {count:,}", reason=why, count=count)
            for why, count in odd.most_common(_SHOWN)
        ),
        rows=tuple(str(one["source"]) for one in some[:_SHOWN]),
        change=command("preview", record.recipe_file),
    )


def _is_expected(reason: str) -> bool:
    """Whether a row was left out on purpose, by a rule or by a person's hand."""
    return reason in _EXPECTED or is_by_hand(reason)


def contradicting_rows(record: RunRecord) -> Finding | None:
    """One question has two answers."""
    count = record.summary.get("contradictions") or record.data.num_contradictions
    if not count:
        return None
    first = record.data.contradictions[:_SHOWN]
    many = count >= _MANY_CONTRADICTIONS * record.summary.get("kept", 0)
    return Finding(
        rule="contradictions",
        severity="would help" if many else "good to know",
        sentence=translate(
            "{pairs} of rows answer one question in two ways, which teaches to guess. Keep one of "
            "each in its file.",
            pairs=counted(count, "pair"),
        ),
        evidence=tuple(str(one["question"]) for one in first),
        rows=tuple(
            listing_with_and(one["first"]["source"], one["second"]["source"]) for one in first
        ),
        change=command("run", record.recipe_file),
    )


def doubled_headers(record: RunRecord) -> Finding | None:
    """Rows carry a template's headers in their text, and are wrapped a second time."""
    template = record.summary.get("template", {}).get("name")
    if template in _BARE:
        return None
    found = [(row, mark) for row in record.data.train if (mark := doubled_header(row.messages))]
    if len(found) < max(_MIN_ROWS, _MANY_HEADERS * len(record.data.train)):
        return None
    ((mark, _),) = Counter(mark for _, mark in found).most_common(1)
    return Finding(
        rule="doubled headers",
        severity="fix first",
        sentence=translate(
            "The rows carry headers such as {mark!r} in their text already, and template {name} "
            "writes its own around them; the model reads both.",
            mark=mark,
            name=template,
        ),
        evidence=(
            translate(
                "{count:,} of {total:,} rows looked at",
                count=len(found),
                total=len(record.data.train),
            ),
        ),
        rows=tuple(row.source for row, _ in found[:_SHOWN]),
        change=again_with(record, template__name="concatenate"),
    )


def mixed_languages(record: RunRecord) -> Finding | None:
    """A good part of the answers is in another language than most."""
    if record.recipe.get("examples", {}).get("language") is not None:
        return None
    rows = record.data.train[:: max(1, len(record.data.train) // _LANGUAGE_ROWS)]
    known = [(row, found) for row in rows if (found := sure_language(row.reference))]
    counts = Counter(found for _, found in known)
    others = counts.total() - max(counts.values(), default=0)
    if others < max(_MIN_ROWS, _MIXED * counts.total()):
        return None
    (most, _), *rest = counts.most_common()
    return Finding(
        rule="mixed languages",
        severity="good to know",
        sentence=translate(
            "Most answers are in {language}, others in {languages}; the model may answer in "
            "either. If one is meant, name it.",
            language=most,
            languages=", ".join(name for name, _ in rest),
        ),
        evidence=tuple(
            translate("{name}: {rows}", name=name, rows=counted(count, "row"))
            for name, count in counts.most_common()
        ),
        rows=tuple(row.source for row, found in known if found != most)[:_SHOWN],
        change=again_with(record, examples__language=most),
    )
