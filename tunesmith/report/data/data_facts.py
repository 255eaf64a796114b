"""RunRecord -> what became of its data, in words: the same on the page and in report.md."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tunesmith.language.retell import as_shown
from tunesmith.language.translate import Plural, listing, message, translate
from tunesmith.report.number_text import counted
from tunesmith.report.record import RunRecord

MAX_SOURCES = 30
SOURCE_HEADS = (
    message("Source"),
    message("Read as"),
    message("Kept"),
    message("Dropped"),
    message("Why"),
)
_REASONS_SHOWN = 3
_KINDS = {
    "email": Plural("{count:,} mail address", "{count:,} mail addresses"),
    "phone": Plural("{count:,} phone number", "{count:,} phone numbers"),
    "card": Plural("{count:,} card number", "{count:,} card numbers"),
    "account": Plural("{count:,} account number", "{count:,} account numbers"),
    "ip": Plural("{count:,} IP address", "{count:,} IP addresses"),
    "secret": Plural("{count:,} key or password", "{count:,} keys and passwords"),
    "handle": Plural("{count:,} handle", "{count:,} handles"),
}


def data_facts(record: RunRecord) -> list[tuple[str, str]]:
    """Duplicates, what was hidden, contradictions: those that are known."""
    known = [
        (translate("Duplicates dropped"), _duplicates(record.summary.get("dropped", {}))),
        (translate("Hidden"), _hidden(record.summary.get("redacted"))),
        (translate("Contradictions"), _contradictions(record)),
    ]
    return [(name, told) for name, told in known if told]


def source_lines(record: RunRecord) -> tuple[list[tuple[str, ...]], str]:
    """A line a source: name, kind, kept, dropped, why; and what to say of those not shown.

    What was dropped counts as the file of dropped rows has it, for that holds rows which
    were too long for the model too, found after the sources were read.
    """
    by_source: Mapping[str, Mapping[str, int]] = record.summary.get("by_source", {})
    kinds = {one["name"]: one["kind"] for one in record.summary.get("read_as", ())}
    order = sorted(by_source, key=lambda name: -sum(by_source[name].values()))
    lines = [
        _source_line(name, by_source[name], kinds, record.data.dropped_by_source.get(name))
        for name in order[:MAX_SOURCES]
    ]
    others = order[MAX_SOURCES:]
    rows = sum(sum(by_source[name].values()) for name in others)
    if not others:
        return lines, ""
    more = counted(len(others), "more source")
    return lines, translate("{sources} with {rows}.", sources=more, rows=counted(rows, "row"))


def _source_line(
    name: str, counts: Mapping[str, int], kinds: Mapping[str, str], reasons: Counter[str] | None
) -> tuple[str, ...]:
    dropped = max(counts["dropped"], reasons.total() if reasons else 0)
    kept = max(0, counts["kept"] + counts["dropped"] - dropped)
    most = reasons.most_common(_REASONS_SHOWN) if reasons else []
    why = listing(*(f"{count:,} {as_shown(reason)}" for reason, count in most))
    return name, _kind(name, kinds), f"{kept:,}", f"{dropped:,}", why


def _kind(name: str, kinds: Mapping[str, str]) -> str:
    """A source's kind; that of the folder where the source is a file in one."""
    if name in kinds:
        return kinds[name]
    above = [one for one in kinds if name.startswith((f"{one.rstrip('/')}/", f"{one}:"))]
    return kinds[max(above, key=len)] if above else ""


def _duplicates(dropped: Mapping[str, int]) -> str:
    """`exact 3, near 12`."""
    found = [(reason, count) for reason, count in dropped.items() if "duplicate" in reason]
    told = (f"{as_shown(reason.replace(' duplicate', ''))} {count:,}" for reason, count in found)
    return listing(*told)


def _hidden(redacted: Mapping[str, int] | None) -> str:
    if redacted is None:
        return ""
    told = [_counted_kind(kind, count) for kind, count in redacted.items()]
    return listing(*told) or translate("nothing was found to hide")


def _counted_kind(kind: str, count: int) -> str:
    return _KINDS[kind].of(count) if kind in _KINDS else counted(count, kind)


def _contradictions(record: RunRecord) -> str:
    """Of the summary, for the file may be gone."""
    count: Any = record.summary.get("contradictions")
    if count is None:
        return ""
    if not count:
        return translate("none found")
    return translate("{pairs} to decide", pairs=counted(count, "pair"))
