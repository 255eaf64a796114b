"""Every message against every catalogue: none missing, unused, empty or with other places."""

from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from tests.language.messages import FoundMessage, found_messages, messages_of_code
from tunesmith.errors import RecipeError
from tunesmith.language.catalogue import catalogue_of, known_languages, places_of
from tunesmith.language.translate import in_language
from tunesmith.recipe.report_recipe import ReportRecipe

FOUND = {found.forms: found for found in found_messages()}


def catalogue(code: str) -> Catalog:
    with resources.files("tunesmith.language").joinpath(f"{code}.po").open("rb") as stream:
        return read_po(stream)


def forms(text: str | Iterable[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("code", known_languages()[1:])
def test_a_catalogue_holds_every_message_and_no_other(code: str) -> None:
    known = {forms(one.id) for one in catalogue(code) if one.id}
    missing = [f"{found.where}: {key}" for key, found in FOUND.items() if key not in known]
    assert missing == [], "translate these"
    assert sorted(known - set(FOUND)) == [], "nothing says these"


@pytest.mark.parametrize("code", known_languages()[1:])
def test_a_translation_is_not_empty_and_has_the_places_of_its_message(code: str) -> None:
    for one in catalogue(code):
        if not one.id:
            continue
        for told in forms(one.string):
            assert told.strip(), f"{one.id}: not translated"
            assert set(places_of(told)) == set(places_of(forms(one.id)[-1])), one.id
        assert not one.fuzzy, one.id


@pytest.mark.parametrize("code", known_languages()[1:])
def test_a_message_stands_once_and_keeps_its_formats(code: str) -> None:
    """`{count:,}` in English is `{count:,}` everywhere, else numbers would look otherwise."""
    from string import Formatter

    def places(text: str) -> set[tuple[object, ...]]:
        return {piece[1:] for piece in Formatter().parse(text) if piece[1] is not None}

    wrong = [
        one.id
        for one in catalogue(code)
        if one.id and any(places(told) != places(forms(one.id)[-1]) for told in forms(one.string))
    ]
    assert wrong == []


def test_the_recipe_offers_the_languages_there_are() -> None:
    offered = ReportRecipe.model_json_schema()["properties"]["language"]["enum"]
    assert offered == known_languages()


def test_an_unknown_language_is_named_with_those_that_exist() -> None:
    with pytest.raises(RecipeError, match=r"'xx' is unknown\. Known: en, zh\."), in_language("xx"):
        pass
    with pytest.raises(RecipeError, match="unknown"):
        catalogue_of("../zh")


def test_messages_are_found_in_code_tables_and_counts() -> None:
    code = (
        'a = translate("one {x}", x=1)\n'
        'TABLE = {"k": message("two")}\n'
        'b = translate(TABLE["k"])\n'
        'c = Plural("{count} row", "{count} " "rows")\n'
        'other("never")\n'
    )
    assert {found.forms for found in messages_of_code(code, "x.py")} == {
        ("one {x}",),
        ("two",),
        ("{count} row", "{count} rows"),
    }


def test_a_message_that_is_glued_at_run_time_is_refused() -> None:
    for code in ('translate(f"{count} rows")', 'message("a" + b)', 'translate("%d" % 3)'):
        with pytest.raises(AssertionError, match="written out"):
            list(messages_of_code(code, "x.py"))


def test_messages_are_found_in_templates(tmp_path: Path) -> None:
    from tests.language.messages import messages_of_template

    page = tmp_path / "page.html"
    page.write_text(
        '<p>{{ _("Go on") }}</p>{{ _("{count} rows", count=3) }}'
        '{{ ngettext("{count} row", "{count} rows", n) }}',
        encoding="utf-8",
    )
    assert [found.forms for found in messages_of_template(page)] == [
        ("Go on",),
        ("{count} rows",),
        ("{count} row", "{count} rows"),
    ]


def test_every_message_can_be_filled() -> None:
    for found in FOUND.values():
        if found.where != "recipe":
            _filled(found)


def _filled(found: FoundMessage) -> None:
    for form in found.forms:
        form.format(**dict.fromkeys(places_of(form), 1))
