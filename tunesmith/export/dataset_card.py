"""What is known of a data set -> its card: a README.md with the metadata that the Hub reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from huggingface_hub import DatasetCardData

from tunesmith import __version__
from tunesmith.export.data_files import public_source
from tunesmith.report.markdown import markdown_escaped

_SIZES = [(10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M")]
_COLUMNS = {
    "id": "a hash of the conversation",
    "instruction": "what is asked",
    "input": "what the instruction is to be applied to; may be empty",
    "response": "the answer to learn",
    "messages": "the conversation: role, content, input and whether a turn is trained",
    "text": "plain text",
    "source": "file and line, message or row that the example came from",
    "group": "examples of one group are in one split",
    "tags": "labels of the source",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """What a data set's card tells.

    Attributes:
        repo: `name/of-data-set`.
        splits: Rows of each.
        columns: Of every row, in order.
        summary: `data/summary.json` of the run; empty for a file of examples.
        license: As the Hub names it, e.g. cc-by-4.0.
    """

    repo: str
    splits: Mapping[str, int]
    columns: Sequence[str]
    summary: Mapping[str, Any] = field(default_factory=dict)
    license: str | None = None


def dataset_card(facts: CardFacts) -> str:
    """The whole file."""
    name = facts.repo.rpartition("/")[2]
    total = sum(facts.splits.values())
    blocks = [
        f"---\n{_metadata(facts, name, total)}\n---",
        f"# {markdown_escaped(name)}",
        f"{total:,} examples for instruction tuning, prepared by Tunesmith {__version__}.",
        "## Splits",
        _table(["Split", "Rows"], [[s, f"{rows:,}"] for s, rows in facts.splits.items()]),
        *_cleaning(facts.summary),
        *_sources(facts.summary),
        "## Columns",
        _table(["Column", "Holds"], [[f"`{one}`", _COLUMNS[one]] for one in facts.columns]),
        "## Use",
        f'```python\nfrom datasets import load_dataset\n\nload_dataset("{facts.repo}")\n```',
        f"```yaml\n# a recipe of Tunesmith\nsources:\n{_uses(facts)}\n```",
    ]
    return "\n\n".join(blocks) + "\n"


def _metadata(facts: CardFacts, name: str, total: int) -> str:
    sizes = [size for limit, size in _SIZES if total < limit]
    files = [{"split": split, "path": f"data/{split}.parquet"} for split in facts.splits]
    data = DatasetCardData(
        pretty_name=name,
        license=facts.license,
        task_categories=["text-generation"],
        size_categories=[sizes[0] if sizes else "n>1M"],
        tags=["instruction-tuning", "tunesmith"],
        configs=[{"config_name": "default", "data_files": files}],
    )
    return str(data.to_yaml()).strip()


def _cleaning(summary: Mapping[str, Any]) -> list[str]:
    """What was done to the data; the reasons are ours, the counts those of the run."""
    lines = [
        f"- left out, {markdown_escaped(reason)}: {count:,}"
        for reason, count in summary.get("dropped", {}).items()
    ]
    hidden: Mapping[str, int] = summary.get("redacted", {})
    lines += [f"- hidden, {markdown_escaped(kind)}: {count:,}" for kind, count in hidden.items()]
    if summary.get("contradictions"):
        lines.append(f"- questions answered in two ways: {summary['contradictions']:,}")
    return ["## Cleaning", "\n".join(lines)] if lines else []


def _sources(summary: Mapping[str, Any]) -> list[str]:
    by_source: Mapping[str, Mapping[str, int]] = summary.get("by_source", {})
    rows = [
        [markdown_escaped(public_source(f"{name}:")[:-1]), f"{counts['kept']:,}"]
        for name, counts in sorted(by_source.items(), key=lambda item: -item[1]["kept"])[:30]
    ]
    return ["## Sources", _table(["Source", "Rows kept"], rows)] if rows else []


def _uses(facts: CardFacts) -> str:
    """Each split goes where it was, so that a test set stays one."""
    return "\n".join(
        f"  - {{hub: {facts.repo}, split: {split}, use_as: {split}}}" for split in facts.splits
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---"] * len(heads)
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, rule, *rows))
