"""What `scores.json` says of probes -> what tuning made the model forget, in words and a table."""

from collections.abc import Iterator, Mapping
from typing import Any

from tunesmith.report.number_text import NOTHING, interval, number, signed

HEADS = ("Figure", "Base", "Tuned", "Difference", "95 % interval", "Word")
NOTE = (
    "What the base model knew beside the task: probes of six skills, scored by which of a few "
    "choices is likeliest (points of 100), and general texts. Perplexities are compared by their "
    "quotient; KL(tuned, base) is 0 for equal models, in nats a token. The rules of the words "
    "stand in docs/forgetting.md."
)
_TITLES = {
    "arithmetic": "Arithmetic",
    "words": "Knowledge of words",
    "sense": "Common sense",
    "form": "Following a form",
    "reading": "Reading a short text",
    "language": "Plain language",
    "all": "All probes",
    "perplexity": "Perplexity of general texts",
    "divergence": "KL(tuned, base) on them",
}
_LANGUAGES = {"en": "English", "zh": "Chinese"}
_CURE = (
    "To keep more: a lower training.learning_rate or fewer epochs, training.method: lora, or "
    "general data among the sources, by weight."
)


def probe_sentence(probes: Mapping[str, Any]) -> str:
    """The verdict, what it rests on and the cure, on one line; empty without probes."""
    if not probes:
        return ""
    if "left_out" in probes:
        cure = "Ask all the same: evaluation.probes: general."
        return f"General knowledge was not probed: {probes['left_out']}. {cure}"
    figures = probes["figures"]
    lost = [one for one in figures if one["word"] not in (None, "kept")]
    told = "; ".join(_lost(one) for one in lost) or _kept(figures)
    return f"General knowledge: {probes['word']} ({told}).{' ' + _CURE if lost else ''}"


def probe_rows(probes: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A line a figure, below the heads; empty where nothing was asked."""
    figures = probes.get("figures", ())
    return [HEADS, *(_row(one) for one in figures)] if figures else []


def benchmark_rows(benchmarks: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A line a benchmark and metric, below the heads, as lm_eval tells them."""
    rows = [
        (
            f"{one['benchmark']}: {one['metric']}",
            number(one["base"], 3),
            number(one["tuned"], 3),
            signed(one["difference"], 3),
            interval(one["low"], one["high"], 3, sign=True),
        )
        for one in benchmarks.get("figures", ())
    ]
    version = f"lm_eval {benchmarks.get('version')}"
    return [(version, *HEADS[1:5]), *rows] if rows else []


def probe_remarks(probes: Mapping[str, Any]) -> Iterator[str]:
    """What was left out, and figures that say nothing."""
    for notice in probes.get("notices", ()):
        yield f"{notice[:1].upper()}{notice[1:]}."
    for one in probes.get("figures", ()):
        if one["word"] is None:
            yield (
                f"{figure_title(one)} is not judged: base reads them no better than if every "
                "token were as likely."
            )


def figure_title(one: Mapping[str, Any]) -> str:
    """A figure's name as people write it: `All probes, Chinese`."""
    name, _, language = str(one["name"]).partition(", ")
    title = _TITLES[name]
    return f"{title}, {_LANGUAGES[language]}" if language else title


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    title, digits = figure_title(one), 3 if one["kind"] == "divergence" else 1
    if one["chance"] is not None:
        title += f" (guessing: {number(one['chance'], 0)})"
    change, low_to_high = _change(one)
    base = NOTHING if one["kind"] == "divergence" else number(one["base"], digits)
    return title, base, number(one["tuned"], digits), change, low_to_high, one["word"] or NOTHING


def _change(one: Mapping[str, Any]) -> tuple[str, str]:
    if one["kind"] == "perplexity":
        return f"× {number(one['difference'], 2)}", interval(one["low"], one["high"], 2)
    if one["kind"] == "divergence":
        return NOTHING, interval(one["low"], one["high"], 3)
    return signed(one["difference"]), interval(one["low"], one["high"], sign=True)


def _lost(one: Mapping[str, Any]) -> str:
    """`reading a short text 71.0, was 84.0`."""
    title = figure_title(one)
    if one["kind"] == "divergence":
        language = _LANGUAGES.get(str(one["name"])[-2:], "general")
        return f"{number(one['tuned'], 2)} nats a token from base on {language} texts"
    title = title[0].lower() + title[1:]
    return f"{title} {number(one['tuned'])}, was {number(one['base'])}"


def _kept(figures: list[Mapping[str, Any]]) -> str:
    asked = sum(one["count"] for one in figures if str(one["name"]).startswith("all"))
    texts = sum(one["count"] for one in figures if one["kind"] == "perplexity")
    probes = f"{asked:,} probes and " if asked else ""
    return f"no loss is shown by {probes}{texts:,} texts"
