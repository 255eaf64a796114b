"""The results -> the README's block and `docs/speed.md`, every number from the JSON beside them."""

from collections.abc import Iterator, Mapping
from typing import Any

Figures = Mapping[str, Any]
BEGIN, END = "<!-- speed -->", "<!-- /speed -->"
_OURS = "Tunesmith"


def readme_block(result: Figures) -> str:
    """The ratios in one table, below the plot."""
    lines = [
        "![Examples a second, Tunesmith and its fastest rivals](docs/speed.svg)",
        "",
        *_ratio_table(result),
        "",
        f"{_circumstances(result)} Each peer has its best flags, and is shown with and without "
        "tcmalloc; all train the same rows, in the same order unless they pack. "
        "[Every figure](docs/speed.md); "
        "`make bench` measures again.",
    ]
    return "\n".join(lines)


def full_page(result: Figures) -> str:
    """Every table with everyone's figures, and who is missing for which reason."""
    parts = ["# Speed", _introduction(result)]
    for name, table in result["tables"].items():
        parts += [f"## {table.get('title', name)}", *_sections(table)]
    return "\n\n".join(parts) + "\n"


def replace_block(text: str, block: str) -> str:
    """A text with what stands between its markers replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def training_tables(result: Figures) -> Iterator[tuple[str, Figures]]:
    """Those that have examples a second."""
    for table in result["tables"].values():
        ours = table.get("contenders", {}).get(_OURS, {})
        if "examples_per_second" in ours:
            yield table["title"], table


def _ratio_table(result: Figures) -> list[str]:
    lines = ["| training, examples a second | Tunesmith | fastest peer measured | under tcmalloc |"]
    lines.append("|---|---|---|---|")
    for title, table in training_tables(result):
        ours = table["contenders"][_OURS]["examples_per_second"]["median"]
        cells = [_against(table, label) for label in ("as shipped", "under tcmalloc")]
        lines.append(f"| {title} | {ours:.1f} | {' | '.join(cells)} |")
    return lines


def _against(table: Figures, label: str) -> str:
    """Another's speed, and how many times it goes into ours."""
    found = table["ratios"].get(label)
    if found is None:
        return "-"
    theirs = table["contenders"][found["against"]]["examples_per_second"]["median"]
    name = found["against"].removesuffix(", under tcmalloc")
    return f"{theirs:.1f} ({name}): **{found['median']:.1f} x**"


def _introduction(result: Figures) -> str:
    return (
        f"Written by `bench/speed.py`. {_circumstances(result)} Contenders take turns; figures are "
        "medians over the rounds, lowest and highest in brackets; ratios are of medians within "
        "one session. Everyone trains the same token ids with the same masks in the same order, "
        "8 examples an update, with AdamW and a constant learning rate; claims are made against "
        "the fastest. A packing peer fills rows in an order of its own; LitGPT does not clip "
        "gradients."
    )


def _circumstances(result: Figures) -> str:
    machine, versions = result["machine"], result["versions"]
    cores = "1 core" if machine["cores"] == 1 else f"{machine['cores']} cores"
    return (
        f"Measured on {result['measured']} on {cores} of an "
        f"{machine['processor']}, torch {versions['torch']}."
    )


def _sections(table: Figures) -> Iterator[str]:
    rounds = "one round" if table["repeats"] == 1 else f"{table['repeats']} rounds"
    quick = ", a quick session" if table["is_quick"] else ""
    yield f"Measured on {table['measured']}, {rounds}{quick}."
    if "failed" in table:
        yield f"Not measured: {table['failed']}."
        return
    if facts := _facts(table.get("facts", {})):
        yield facts
    if "contenders" in table:
        yield _table(table["contenders"])
    if "sizes" in table:
        yield _table({f"{size} rows": figures for size, figures in table["sizes"].items()})
    yield from _notes(table)


def _facts(facts: Figures) -> str:
    parts = []
    if "tokens" in facts:
        parts.append(
            f"{facts['tokens']} tokens an example, {facts['trained_tokens']} of them trained"
        )
    if facts.get("is_real") is False:
        parts.append("generated rows")
    if "steps" in facts:
        parts.append(f"{facts['steps']} updates a run")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


_COLUMNS = {
    "examples_per_second": "examples/s",
    "tokens_per_second": "tokens/s",
    "answer_seconds": "seconds",
    "encode_seconds": "encoding, s",
    "whole_seconds": "whole, s",
    "encode_mb_above_imports": "MB above imports",
    "step_seconds": "a step, s",
    "first_step_seconds": "to first step, s",
    "peak_mb": "peak MB",
    "trained_tokens": "trained in step 1",
    "first_loss": "loss at step 1",
    "last_loss": "last loss",
    "loss": "held-out loss",
    "gap": "gap to the reference",
}


def _table(rows: Mapping[str, Figures]) -> str:
    columns = [
        key for key in _COLUMNS if any(figures.get(key) is not None for figures in rows.values())
    ]
    lines = [
        "| | " + " | ".join(_COLUMNS[key] for key in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for name, figures in rows.items():
        if "failed" in figures:
            lines.append(
                f"| {name} | not measured: {figures['failed']} |" + " |" * len(columns[1:])
            )
            continue
        cells = [_cell(key, figures.get(key)) for key in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(key: str, value: Any) -> str:
    if value is None:
        return ""
    digits = 4 if key in ("first_loss", "last_loss", "loss", "gap") else 2
    if key in ("peak_mb", "encode_mb_above_imports"):
        digits = 0
    if not isinstance(value, Mapping):
        return f"{value:,.{digits}f}" if isinstance(value, float) else f"{value:,}"
    median = f"{value['median']:,.{digits}f}"
    if len(value["rounds"]) == 1 or key.endswith("loss"):
        return median
    return f"{median} ({value['lowest']:,.{digits}f} to {value['highest']:,.{digits}f})"


def _notes(table: Figures) -> Iterator[str]:
    for label, found in table.get("ratios", {}).items():
        yield (
            f"Tunesmith against {found['against']} ({label}): **{found['median']:.2f} x** "
            f"({found['lowest']:.2f} to {found['highest']:.2f})."
        )
    if table.get("remark"):
        yield table["remark"]
    if "share" in table.get("efficiency", {}):
        yield _efficiency(table["efficiency"])
    differing = table.get("work", {}).get("differing", {})
    if differing:
        yield "Another first step (other examples, or a loss further than 0.02 off): " + (
            "; ".join(sorted(differing)) + "."
        )
    if "answers_equal_to_ours" in table:
        equal = table["answers_equal_to_ours"]
        shown = ", ".join(f"{name} {count}" for name, count in equal.items())
        yield f"Answers that are equal to Tunesmith's, of {table['facts']['prompts']}: {shown}."


def _efficiency(found: Figures) -> str:
    peak, share = found["peak"], found["share"]
    return (
        f"Tunesmith does {found['gflops']:,.0f} GFLOP/s of useful matrix products: "
        f"{share['bf16']:.0%} of the {peak['bf16']:,.0f} that plain bf16 products reach here, "
        f"{share['fp32']:.0%} of fp32's {peak['fp32']:,.0f}."
    )
