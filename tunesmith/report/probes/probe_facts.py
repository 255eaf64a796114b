"""What `scores.json` says of probes -> what tuning made the model forget, in words and a table."""

from collections.abc import Iterator, Mapping
from typing import Any

from tunesmith.language.retell import as_shown
from tunesmith.language.translate import listing, listing_of_clauses, message, sentences, translate
from tunesmith.report.number_text import NOTHING, interval, number, signed

HEADS = (
    message("Figure"),
    message("Base"),
    message("Tuned"),
    message("Difference"),
    message("95 % interval"),
    message("Word"),
)
NOTE = message(
    "What the base model knew beside the task: probes of six skills, scored by which of a few "
    "choices is likeliest (points of 100), and general texts. Perplexities are compared by their "
    "quotient; KL(tuned, base) is 0 for equal models, in nats a token. The rules of the words "
    "stand in docs/forgetting.md."
)
_TITLES = {
    "arithmetic": message("Arithmetic"),
    "words": message("Knowledge of words"),
    "sense": message("Common sense"),
    "form": message("Following a form"),
    "reading": message("Reading a short text"),
    "language": message("Plain language"),
    "all": message("All probes"),
    "perplexity": message("Perplexity of general texts"),
    "divergence": message("KL(tuned, base) on them"),
}
_LANGUAGES = {"en": message("English"), "zh": message("Chinese")}
_GENERAL = message("general")
_CURE = message(
    "To keep more: a lower training.learning_rate or fewer epochs, training.method: lora, or "
    "general data among the sources, by weight."
)


def probe_sentence(probes: Mapping[str, Any]) -> str:
    """The verdict, what it rests on and the cure, on one line; empty without probes."""
    if not probes:
        return ""
    if "left_out" in probes:
        return translate(
            "General knowledge was not probed: {reason}. Ask all the same: evaluation.probes: "
            "general.",
            reason=as_shown(probes["left_out"]),
        )
    figures = probes["figures"]
    lost = [one for one in figures if one["word"] not in (None, "kept")]
    told = listing_of_clauses(*map(_lost, lost)) or _kept(figures)
    verdict = as_shown(probes["word"])
    first = translate("General knowledge: {verdict} ({reasons}).", verdict=verdict, reasons=told)
    return sentences(first, translate(_CURE)) if lost else first


def probe_rows(probes: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A line a figure, below the heads; empty where nothing was asked."""
    figures = probes.get("figures", ())
    return [tuple(map(translate, HEADS)), *map(_row, figures)] if figures else []


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
    return [(version, *map(translate, HEADS[1:5])), *rows] if rows else []


def probe_remarks(probes: Mapping[str, Any]) -> Iterator[str]:
    """What was left out, and figures that say nothing."""
    for notice in probes.get("notices", ()):
        yield as_shown(f"{notice[:1].upper()}{notice[1:]}.")
    for one in probes.get("figures", ()):
        if one["word"] is None:
            yield translate(
                "{figure} is not judged: base reads them no better than if every token were as "
                "likely.",
                figure=figure_title(one),
            )


def figure_title(one: Mapping[str, Any]) -> str:
    """A figure's name as people write it: `All probes, Chinese`."""
    name, _, language = str(one["name"]).partition(", ")
    title = translate(_TITLES[name])
    return listing(title, translate(_LANGUAGES[language])) if language else title


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    title, digits = figure_title(one), 3 if one["kind"] == "divergence" else 1
    if one["chance"] is not None:
        guessed = number(one["chance"], 0)
        title = translate("{figure} (guessing: {chance})", figure=title, chance=guessed)
    change, low_to_high = _change(one)
    base = NOTHING if one["kind"] == "divergence" else number(one["base"], digits)
    word = as_shown(one["word"] or NOTHING)
    return title, base, number(one["tuned"], digits), change, low_to_high, word


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
        language = _LANGUAGES.get(str(one["name"])[-2:], _GENERAL)
        return translate(
            "{value} nats a token from base on {language} texts",
            value=number(one["tuned"], 2),
            language=translate(language),
        )
    title = title[0].lower() + title[1:]
    return translate(
        "{figure} {value}, was {other}",
        figure=title,
        value=number(one["tuned"]),
        other=number(one["base"]),
    )


def _kept(figures: list[Mapping[str, Any]]) -> str:
    asked = sum(one["count"] for one in figures if str(one["name"]).startswith("all"))
    texts = sum(one["count"] for one in figures if one["kind"] == "perplexity")
    if not asked:
        return translate("no loss is shown by {total:,} texts", total=texts)
    return translate(
        "no loss is shown by {count:,} probes and {total:,} texts", count=asked, total=texts
    )
