"""The starter's world: facts agree with themselves and with what everybody knows."""

import re
from collections import Counter

import pytest

from pretraining.facts import all_facts, read_table, read_yaml_table
from pretraining.wordings import all_wordings, fill, text_tasks


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("countries", "country"),
        ("countries", "capital"),
        ("elements", "element"),
        ("elements", "symbol"),
        ("elements", "number"),
        ("nouns", "noun"),
        ("verbs", "verb"),
        ("animals", "animal"),
        ("products", "product"),
        ("products", "price"),
    ],
)
def test_no_name_stands_twice_in_a_table(table: str, column: str) -> None:
    counts = Counter(row[column] for row in read_table(table))
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("relation", sorted(set(all_facts()) - {"unit"}))
def test_a_relation_says_one_thing_of_one_thing(relation: str) -> None:
    counts = Counter(fact.x for fact in all_facts()[relation])
    assert [x for x, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("relation", ["opposite", "synonym"])
def test_opposites_and_synonyms_hold_both_ways(relation: str) -> None:
    pairs = {(fact.x, fact.y) for fact in all_facts()[relation]}
    assert {(y, x) for x, y in pairs} == pairs


def test_capitals_and_countries_are_each_others_answers() -> None:
    forth = {(fact.x, fact.y) for fact in all_facts()["capital"]}
    assert {(fact.y, fact.x) for fact in all_facts()["country"]} == forth


def test_symbols_look_like_symbols() -> None:
    assert all(re.fullmatch("[A-Z][a-z]?", fact.y) for fact in all_facts()["symbol"])
    assert len(all_facts()["symbol"]) == 92


@pytest.mark.parametrize(
    ("relation", "x", "y"),
    [
        ("capital", "Peru", "Lima"),
        ("capital", "Australia", "Canberra"),
        ("country", "Ottawa", "Canada"),
        ("currency", "Japan", "yen"),
        ("continent", "Kenya", "Africa"),
        ("symbol", "gold", "Au"),
        ("element", "W", "tungsten"),
        ("number", "uranium", "92"),
        ("plural", "child", "children"),
        ("plural", "knife", "knives"),
        ("past", "go", "went"),
        ("past", "stop", "stopped"),
        ("young", "swan", "cygnet"),
        ("class", "newt", "amphibian"),
        ("after", "February", "March"),
        ("sum", "7 plus 8", "15"),
        ("opposite", "cold", "hot"),
    ],
)
def test_well_known_facts_are_in_the_world(relation: str, x: str, y: str) -> None:
    assert {fact.x: fact.y for fact in all_facts()[relation]}[x] == y


def test_continents_are_the_six_with_countries() -> None:
    names = {fact.y for fact in all_facts()["continent"]}
    assert names == {"Africa", "Asia", "Europe", "North America", "South America", "Oceania"}


def test_every_relation_has_wordings_and_they_fill() -> None:
    assert set(all_wordings()) == set(all_facts())
    for relation, wording in all_wordings().items():
        fact = all_facts()[relation][0]
        for pattern in (*wording.says, *wording.questions, *wording.patterns):
            assert "{" not in fill(pattern, fact)


def test_unseen_wordings_are_no_other_wordings() -> None:
    for wording in all_wordings().values():
        assert not set(wording.unseen) & {*wording.seen, *wording.questions}
    for task, wordings in text_tasks().items():
        assert not set(wordings["unseen"]) & set(wordings["seen"]), task


def test_articles_fit_their_nouns() -> None:
    facts = {fact.x: fact for fact in all_facts()["plural"]}
    assert fill("One {x}, a {x}.", facts["apple"]) == "One apple, an apple."
    assert fill("A {x}.", facts["bus"]) == "A bus."
    units = {fact.x: fact for fact in all_facts()["unit"]}
    assert fill("A {x}", units["hour"]) == "An hour"


def test_a_policy_states_its_answer() -> None:
    for name, policy in read_yaml_table("policies").items():
        told = [policy["sentence"], *policy["says"]]
        assert all(policy["answer"].split()[-1] in text for text in told), name
