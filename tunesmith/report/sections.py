"""RunRecord -> the sections of the page, from the verdict to the environment."""

from collections.abc import Mapping
from typing import Any

from tunesmith.language.translate import message, sentences, translate
from tunesmith.report.facts import facts, headline, headline_kind
from tunesmith.report.group_section import group_tables, weak_group_lines
from tunesmith.report.markup import Markup, joined, tag, void_tag
from tunesmith.report.number_text import flat_items
from tunesmith.report.pictures.curves import AXES, MAX_POINTS, Axis
from tunesmith.report.record import RunRecord
from tunesmith.report.score_lines import (
    failure_lines,
    loss_line,
    rival_lines,
    score_lines,
    untuned_comparisons,
)
from tunesmith.report.score_table import rival_table, score_table
from tunesmith.report.training.search_section import search_part

_SCORE_NOTE = message(
    "Scores run from 0 to 100; ranges are 95 % intervals. Differences are paired over the rows "
    "that both models were graded on; “better” and “worse” take an interval without 0 and "
    "p < 0.05. The words are about this model on these rows."
)
NOTHING_TRAINED = message("Nothing has been trained yet.")


def verdict_section(record: RunRecord) -> Markup:
    """What came out, in words, and what was trained on what."""
    title, sentence = headline(record)
    pairs = [tag("div", tag("dt", name), tag("dd", told)) for name, told in facts(record)]
    return joined(
        tag(
            "div",
            tag("p", title, class_="outcome"),
            tag("p", sentence, class_="sentence"),
            class_=f"card verdict {headline_kind(record)}",
        ),
        tag("dl", *pairs, class_="facts"),
    )


def scores_section(record: RunRecord) -> Markup:
    """The models' scores side by side, the loss below them, failures below that."""
    lines, loss = score_lines(record), loss_line(record)
    if not lines and loss is None:
        return Markup("")
    parts = [tag("h2", translate("Scores"), id="scores")]
    parts.append(tag("p", translate(_SCORE_NOTE), class_="note"))
    if lines:
        parts.append(score_table(record, lines, label=translate("Scores")))
    if loss is not None:
        parts += [
            tag("h3", translate("Loss on the test rows")),
            tag(
                "p",
                translate("Nats per token of the reference answers; lower is better."),
                class_="note",
            ),
            score_table(record, [loss], label=translate("Loss on the test rows")),
        ]
    rivals = rival_lines(record)
    if rivals:
        parts += [
            tag("h3", translate("Tuned against rivals")),
            rival_table(record.models, rivals),
        ]
    told = [*weak_group_lines(record), *untuned_comparisons(record), *failure_lines(record)]
    remarks = [tag("li", line) for line in told]
    if remarks:
        parts.append(tag("ul", *remarks, class_="plain"))
    parts += group_tables(record)
    return tag("section", *parts)


def curves_section(record: RunRecord, curves: Mapping[Axis, str]) -> Markup:
    """Loss and learning rate over steps, epochs and tokens; one picture at a time."""
    parts = [tag("h2", translate("Training"), id="training")]
    if not curves:
        return tag("section", *parts, tag("p", translate(NOTHING_TRAINED), class_="note"))
    note = translate("Loss in nats per trained token. The ring is the lowest validation loss.")
    if len(record.points("train")) > MAX_POINTS:
        faint = translate(
            "The faint line joins means of neighbouring steps; log.jsonl holds every step."
        )
        note = sentences(note, faint)
    inputs, labels, shown = [], [], []
    for index, (axis, svg) in enumerate(curves.items()):
        name, key = translate(AXES[axis]), f"axis-{index}"
        inputs.append(void_tag("input", type="radio", name="axis", id=key, checked=index == 0))
        labels.append(tag("label", name, for_=key))
        alt = translate("Loss and learning rate over {axis}", axis=name.lower())
        figure = tag("div", Markup(svg), role="img", aria_label=alt, class_="scroll")
        shown.append(tag("div", figure, class_=f"picture picture-{index}"))
    tabs = tag("div", *labels, class_="tabs")
    card = tag("div", *inputs, tabs, *shown, class_="card curves")
    found = search_part(record.settings)
    return tag("section", *parts, tag("p", note, class_="note"), card, found)


def settings_section(record: RunRecord) -> Markup:
    """The recipe with every default, and the environment; folded."""
    blocks = [
        (
            translate("Recipe"),
            translate("every setting, defaults included: recipe.yaml"),
            record.recipe,
        ),
        (translate("Environment"), "environment.json", record.environment),
    ]
    folded = [_folded(name, where, dict(value)) for name, where, value in blocks if value]
    if not folded:
        return Markup("")
    return tag(
        "section",
        tag("h2", translate("Settings"), id="settings"),
        tag("div", *folded, class_="card settings"),
    )


def _folded(name: str, where: str, value: dict[str, Any]) -> Markup:
    rows = [
        tag("tr", tag("th", tag("code", key), scope="row"), tag("td", tag("code", told)))
        for key, told in flat_items(value)
    ]
    table = tag("div", tag("table", tag("tbody", *rows)))
    return tag("details", tag("summary", name, tag("span", where, class_="small")), table)
