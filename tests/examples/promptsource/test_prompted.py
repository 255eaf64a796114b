"""A promptsource file of our own: what each template makes of rows, and what each failure says."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.examples.reading import read_all
from tunesmith.errors import MissingError, RecipeError
from tunesmith.examples.example import Example
from tunesmith.examples.from_material import to_examples
from tunesmith.examples.open_sources import open_sources
from tunesmith.examples.promptsource.prompt_file import CANNOT_RUN
from tunesmith.examples.read_count import ReadCount, check_read
from tunesmith.recipe.load_recipe import recipe_from_mapping
from tunesmith.sources.row import Dropped


def template(name: str, jinja: str, choices: str | None = None) -> dict[str, Any]:
    return {"name": name, "jinja": jinja, "answer_choices": choices}


def read(
    folder: Path, templates: list[dict[str, Any]], rows: list[dict[str, Any]], **source: Any
) -> tuple[list[Example], list[Dropped]]:
    lines = ["dataset: ours", "templates:"]
    for number, one in enumerate(templates):
        lines.append(f"  id-{number}: !Template")
        lines += [f"    {key}: {json.dumps(value)}" for key, value in one.items()]
        lines += ["    metadata: !TemplateMetadata", "      original_task: true"]
    (folder / "p.yaml").write_text("\n".join(lines) + "\n")
    (folder / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = recipe_from_mapping({"sources": [{"path": "t.jsonl", "prompts": "p.yaml", **source}]})
    items = list(read_all(recipe.sources, folder=folder))
    kept = [item for item in items if isinstance(item, Example)]
    return kept, [item for item in items if isinstance(item, Dropped)]


def pair(example: Example) -> tuple[str, str]:
    return example.messages[0].content, example.reference


@pytest.mark.parametrize(
    ("jinja", "choices", "expected"),
    [
        ("Is it {{text}}?\n||| {{ answer_choices[label] }}", "no ||| yes", ("Is it a b?", "yes")),
        ("{{text}}|||{{ answer_choices[0] }}", "{{ text }}!|||x", ("a b", "a b!")),
        ("{% for x in parts %}{{x}}\n{% endfor %}|||{{ label }}", None, ("p\nq", "1")),
        ("{{ parts | join(', ') }}|||{{ text.split()[1] | upper }}", None, ("p, q", "B")),
        ("{% for a, b in zip(parts, [1, 2]) %}{{a}}{{b}} {% endfor %}|||x", None, ("p1 q2", "x")),
        ("{{ text }}|||{{ piped }}", None, ("a b", "l ||| r")),
    ],
)
def test_what_templates_make(
    tmp_path: Path, jinja: str, choices: str | None, expected: tuple[str, str]
) -> None:
    row = {"text": "a b", "label": 1, "parts": ["p", "q"], "piped": "l ||| r"}
    kept, dropped = read(tmp_path, [template("one", jinja, choices)], [row], ignore=list(row))
    assert dropped == []
    assert [pair(one) for one in kept] == [expected]
    assert kept[0].tags == ("template:ours/one",)
    assert kept[0].source == "t.jsonl:1"


def test_digits_and_names_of_a_table_of_texts_count_as_positions(tmp_path: Path) -> None:
    choices = "card arrival ||| Lost card?"
    rows = [
        {"text": f"r{n}", "label": one} for n, one in enumerate(["1", "card_arrival", "lost card"])
    ]
    kept, dropped = read(
        tmp_path, [template("one", "{{text}}|||{{answer_choices[label]}}", choices)], rows
    )
    assert dropped == []
    assert [one.reference for one in kept] == ["Lost card?", "card arrival", "Lost card?"]


def test_chance_is_the_seeds(tmp_path: Path) -> None:
    one = [template("one", "{{ ['a', 'b', 'c'] | choice }} {{text}}|||x")]
    rows = [{"text": f"r{n}"} for n in range(60)]
    first = [pair(example) for example in read(tmp_path, one, rows)[0]]
    assert first == [pair(example) for example in read(tmp_path, one, rows)[0]]
    assert first != [pair(example) for example in read(tmp_path, one, rows, seed=1)[0]]
    assert set(Counter(asked[0] for asked, _ in first)) == {"a", "b", "c"}


def test_each_row_gets_one_template_and_all_are_used(tmp_path: Path) -> None:
    templates = [template(f"t{n}", f"{n}: {{{{text}}}}|||x") for n in range(4)]
    kept, dropped = read(tmp_path, templates, [{"text": f"r{n}"} for n in range(400)])
    assert (len(kept), dropped) == (400, [])
    counts = Counter(one.tags[0] for one in kept)
    assert all(60 < counts[f"template:ours/t{n}"] < 140 for n in range(4))  # 100, four deviations


def test_the_next_template_serves_where_one_does_not_fit_the_row(tmp_path: Path) -> None:
    templates = [
        template("positive", "{% if label == 1 %}Praise: {{text}}|||yes{% endif %}"),
        template("negative", "{% if label == 0 %}Blame: {{text}}|||no{% endif %}"),
    ]
    kept, dropped = read(
        tmp_path, templates, [{"text": f"r{n}", "label": n % 2} for n in range(20)]
    )
    assert (len(kept), dropped) == (20, [])
    assert [one.reference for one in kept] == ["no", "yes"] * 10


def test_a_template_that_cannot_run_costs_itself_alone_and_says_why(tmp_path: Path) -> None:
    templates = [
        template("good", "{{text}}|||x"),
        template("no jinja", "{{text|||x"),
        template("no target", "{{text}}"),
        template("other column", "{{absent}}|||x"),
        template("fails", "{{ text / 2 }}|||x"),
    ]
    kept, dropped = read(tmp_path, templates, [{"text": f"r{n}"} for n in range(30)])
    assert len(kept) == 30
    assert {one.reason for one in dropped} == {CANNOT_RUN}
    by_line = {one.source: one.detail for one in dropped}
    assert sorted(by_line) == ["p.yaml:15", "p.yaml:21", "p.yaml:27", "p.yaml:9"]
    assert "no target" in by_line["p.yaml:15"]
    assert "no column absent; found text" in by_line["p.yaml:21"]
    assert "'fails'" in by_line["p.yaml:27"]
    count = ReadCount()
    for item in (*kept, *dropped):
        count.add(item)
    check_read(count, max_bad=0.0)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": "a", "label": "lost"}, "unknown label"),
        ({"text": "a", "label": -1}, "no label"),
        ({"text": "a", "label": 7}, "empty response"),
        ({"label": 1}, "missing field"),
        ({"text": "", "label": 1}, "empty instruction"),
        ({"text": "a", "label": 1, "answer_choices": 1}, "ambiguous"),
    ],
)
def test_rows_that_do_not_fit_say_why(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    one = template("one", "{{text}}|||{{answer_choices[label]}}", "no|||yes")
    kept, dropped = read(tmp_path, [one], [{"text": "b", "label": 1}, row])
    assert len(kept) == 1
    assert [(item.source, item.reason) for item in dropped] == [("t.jsonl:2", reason)]


@pytest.mark.parametrize(
    ("jinja", "words"),
    [
        ("{{ ''.__class__.__mro__ }}|||x", "refused"),
        ("{{ 'a' * 10**9 }}|||x", "refused"),
        ("{% for i in range(10**9) %}a{% endfor %}|||x", "refused"),
    ],
)
def test_the_sandbox_holds(tmp_path: Path, jinja: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        read(tmp_path, [template("one", jinja)], [{"text": "a"}])


def test_only_the_named_templates_are_taken(tmp_path: Path) -> None:
    templates = [template("one", "1{{text}}|||x"), template("two", "2{{text}}|||x")]
    rows = [{"text": f"r{n}"} for n in range(20)]
    kept, _ = read(tmp_path, templates, rows, prompt_names=["two"])
    assert {one.messages[0].content[0] for one in kept} == {"2"}
    with pytest.raises(RecipeError, match="no prompt template 'twoo'") as caught:
        read(tmp_path, templates, rows, prompt_names=["twoo"])
    assert caught.value.cure == "Did you mean two?"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [", "not valid YAML"),
        (b"templates: 3", "not in promptsource's format"),
        (b"", "not in promptsource's format"),
        (b"templates: {}", "no prompt template can run: it holds none"),
        (b"templates: {a: {name: n, jinja: no target}}", r"no target: no \|\|\|"),
        (b"templates: !!python/object/apply:os.system [x]", "os.system is not allowed"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"templates: {a: " + b"[" * 50_000, "deeply nested"),
    ],
)
def test_files_of_another_format(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "q.yaml").write_bytes(content)
    with pytest.raises(RecipeError) as caught:
        read(tmp_path, [], [{"text": "a"}], prompts="q.yaml")
    assert re.search(words, str(caught.value)), str(caught.value)
    assert caught.value.where.startswith("q.yaml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"q\.yaml: no such file"):
        read(tmp_path, [], [{"text": "a"}], prompts="q.yaml")


def test_texts_that_no_template_reads_are_asked_about(tmp_path: Path) -> None:
    rows = [{"text": f"Is it {n}?", "label": "x", "reply": f"It was {n} then."} for n in range(4)]
    prompts = [template("one", "{{ text }}|||{{ label }}"), template("two", "{{text}}!|||x")]
    with pytest.raises(RecipeError, match="reply holds texts that no example would be made of"):
        read(tmp_path, prompts, rows)
    kept, _ = read(tmp_path, prompts, rows, ignore=["reply"])
    assert len(kept) == 4


def test_columns_that_a_template_does_not_read_are_named(tmp_path: Path) -> None:
    rows = [{"text": f"Is it {n}?", "label": "x", "id": n} for n in range(4)]
    read(tmp_path, [template("one", "{{ text }}|||yes")], rows)
    recipe = recipe_from_mapping({"sources": [{"path": "t.jsonl", "prompts": "p.yaml"}]})
    (opened,) = open_sources(recipe.sources, folder=tmp_path)
    list(to_examples(opened.material, opened.source, folder=tmp_path, not_read=opened.not_read))
    assert {name for _, name in opened.not_read.characters} == {"column 'label'", "column 'id'"}
