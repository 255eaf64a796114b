"""What is known of a run -> its model's card: a README.md with the metadata that the Hub reads.

Every figure comes from the run's files; nothing is written by hand, so nothing can be better than
it was measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from tunesmith import __version__
from tunesmith.export.data_files import public_source
from tunesmith.report.facts import headline
from tunesmith.report.markdown import markdown_escaped
from tunesmith.report.record import TUNED, RunRecord
from tunesmith.report.score_lines import ScoreLine, score_lines
from tunesmith.report.usability_lines import usability_lines

_MAX_SOURCES = 30
_TOLD = ("method", "epochs", "steps", "learning_rate", "seed")  # of training


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What a model's card tells.

    Attributes:
        repo: `name/of-model`.
        record: The run.
        contract: `model/tunesmith.json`.
        base: The base's name for people, without folders of this machine.
        base_on_hub: Its Hub id; None where it has none.
        licenses: The model's own, and the base's, as the Hub names them; None where unknown.
        is_adapter: Whether the weights are an adapter.
        data_hashes: SHA-256 of each split's rows.
        files: Names of further files, GGUF say.
    """

    repo: str
    record: RunRecord
    contract: Mapping[str, Any]
    base: str
    base_on_hub: str | None
    licenses: tuple[str | None, str | None]
    is_adapter: bool
    data_hashes: Mapping[str, str]
    files: Sequence[str] = field(default=())


def model_card(facts: ModelFacts) -> str:
    """The whole file."""
    name = facts.repo.rpartition("/")[2]
    title, sentence = headline(facts.record)
    blocks = [
        f"---\n{_model_metadata(facts, name)}\n---",
        f"# {markdown_escaped(name)}",
        f"**{markdown_escaped(title)}.** {markdown_escaped(sentence)}",
        _origin(facts),
        *_score_table(facts.record),
        *_usable_table(facts.record),
        *_data_table(facts),
        "## Template",
        _template(facts.contract),
        "## Use",
        _use(facts),
    ]
    return "\n\n".join(blocks) + "\n"


def _model_metadata(facts: ModelFacts, name: str) -> str:
    hubs = [one["hub"] for one in facts.record.recipe.get("sources", ()) if one.get("hub")]
    data = ModelCardData(
        base_model=facts.base_on_hub,
        datasets=sorted(set(hubs)) or None,
        license=facts.licenses[0] or facts.licenses[1],
        library_name="peft" if facts.is_adapter else "transformers",
        pipeline_tag="text-generation",
        tags=["instruction-tuning", "tunesmith"],
        model_name=name,
        eval_results=_results(facts.record),
    )
    return str(data.to_yaml()).strip()


def _results(record: RunRecord) -> list[EvalResult] | None:
    """The tuned model's scores, as the Hub's model index holds them."""
    found = [
        EvalResult(
            task_type="text-generation",
            dataset_type="own-test-set",
            dataset_name=f"{record.num_test_rows:,} test rows of its own data",
            dataset_split="test",
            metric_type=line.metric,
            metric_name=line.name,
            metric_value=round(float(line.scores[TUNED].value or 0.0), 2),
        )
        for line in score_lines(record)
        if TUNED in line.scores and line.scores[TUNED].value is not None
    ]
    return found or None


def _origin(facts: ModelFacts) -> str:
    what = "An adapter for" if facts.is_adapter else "Tuned from"
    own, base = facts.licenses
    lines = [
        f"{what} {markdown_escaped(facts.base)}, made and measured by Tunesmith {__version__}.",
        f"- Licence: {own or base or 'not known'}; of the base model: {base or 'not known'}",
    ]
    revision = (facts.contract.get("base") or {}).get("revision")
    if revision:
        lines.append(f"- Revision of the base model: {markdown_escaped(str(revision))}")
    training = facts.record.recipe.get("training", {})
    lines += [
        f"- {key.replace('_', ' ')}: {_plain(training[key])}"
        for key in _TOLD
        if training.get(key) is not None
    ]
    lines += [f"- Also here: `{markdown_escaped(name)}`" for name in facts.files]
    return "\n".join([lines[0], "", *lines[1:]])


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_plain(one)}" for key, one in value.items() if one is not None)
    return markdown_escaped(str(value))


def _score_table(record: RunRecord) -> list[str]:
    lines = score_lines(record)
    if not lines:
        return ["## Scores", "Nothing was scored, so no claim is made."]
    models = record.shown
    rows = [
        [line.title, *(_scored(line, model) for model in models), _compared(line)] for line in lines
    ]
    note = "0 to 100, with 95 % intervals, on rows that it was not trained on."
    return ["## Scores", note, _markdown_table(["Metric", *models, "tuned - base"], rows)]


def _scored(line: ScoreLine, model: str) -> str:
    return f"{line.value(model)} ({line.interval(model)})"


def _compared(line: ScoreLine) -> str:
    if line.comparison is None:
        return line.difference
    return f"{line.difference} ({line.difference_interval}), {line.verdict}"


def _usable_table(record: RunRecord) -> list[str]:
    found = usability_lines(record)
    judged = record.usability.models.get(TUNED) if record.usability else None
    if judged is None:
        return []
    models = [model for model in record.models if any(model in one.scores for one in found)]
    rows = [
        [one.title, *(f"{one.value(model)} ({one.interval(model)})" for model in models)]
        for one in found
    ]
    said = f"{judged.outcome.capitalize()}. {markdown_escaped(judged.sentence)}"
    table = [_markdown_table(["Of the answers, in %", *models], rows)] if rows else []
    return ["## Can its answers be used?", said, *table]


def _data_table(facts: ModelFacts) -> list[str]:
    summary = facts.record.summary
    splits: Mapping[str, Mapping[str, Any]] = summary.get("splits", {})
    rows = [
        [name, f"{splits.get(name, {}).get('rows', 0):,}", f"`{digest}`"]
        for name, digest in facts.data_hashes.items()
    ]
    blocks = ["## Data", _markdown_table(["Split", "Rows", "SHA-256 of its rows"], rows)]
    by_source: Mapping[str, Mapping[str, int]] = summary.get("by_source", {})
    told = [
        f"- {markdown_escaped(public_source(f'{name}:')[:-1])}: {counts['kept']:,} rows"
        for name, counts in sorted(by_source.items(), key=lambda one: -one[1]["kept"])
    ]
    hidden = [
        f"- hidden before training, {markdown_escaped(kind)}: {count:,}"
        for kind, count in summary.get("redacted", {}).items()
    ] or [f"- hidden before training: nothing ({_looked_for(facts.record.recipe)})"]
    left_out = [
        f"- left out, {markdown_escaped(reason)}: {count:,}"
        for reason, count in summary.get("dropped", {}).items()
    ]
    more = [f"- and {len(told) - _MAX_SOURCES:,} more sources"] if len(told) > _MAX_SOURCES else []
    return [*blocks, "\n".join([*told[:_MAX_SOURCES], *more, *hidden, *left_out])]


def _looked_for(recipe: Mapping[str, Any]) -> str:
    kinds = recipe.get("examples", {}).get("redact")
    if kinds is None:
        return "the recipe does not say what was looked for"
    return f"looked for: {', '.join(map(str, kinds))}" if kinds else "redaction was switched off"


def _template(contract: Mapping[str, Any]) -> str:
    template = contract.get("template") or {}
    stops = [*template.get("stop_tokens", ()), *contract.get("stop", ())]
    lines = [
        f"- Name: {markdown_escaped(str(template.get('name')))}",
        f"- Hash: `{contract.get('template_hash')}`",
        f"- An answer ends with: {', '.join(f'`{one}`' for one in stops) or 'the end token'}",
    ]
    if template.get("system"):
        lines.append(f"- System prompt: {markdown_escaped(str(template['system']))}")
    return "\n".join([*lines, "", "`chat_template.jinja` writes it; asked otherwise, it is worse."])


def _use(facts: ModelFacts) -> str:
    auto = "AutoPeftModelForCausalLM" if facts.is_adapter else "AutoModelForCausalLM"
    library = "peft" if facts.is_adapter else "transformers"
    return (
        "```python\n"
        f"from {library} import {auto}\n"
        "from transformers import AutoTokenizer\n\n"
        f'tokenizer = AutoTokenizer.from_pretrained("{facts.repo}")\n'
        f'model = {auto}.from_pretrained("{facts.repo}")\n'
        'messages = [{"role": "user", "content": "..."}]\n'
        "ids = tokenizer.apply_chat_template(\n"
        '    messages, add_generation_prompt=True, return_tensors="pt", return_dict=True\n'
        ")\n"
        "print(tokenizer.decode(model.generate(**ids, max_new_tokens=256)[0]))\n"
        "```"
    )


def _markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = ["---"] * len(heads)
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, rule, *rows))
