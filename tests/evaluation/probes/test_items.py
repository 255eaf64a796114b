"""The probes are what they are said to be: counted, different, and not given away by a form."""

from collections import Counter

import pytest

from tunesmith.evaluation.probes.arithmetic import sums
from tunesmith.evaluation.probes.items import (
    NUM_ITEMS,
    PROBE_LANGUAGES,
    SKILLS,
    Probe,
    ProbeLanguage,
    general_texts,
    probes,
)


def of_skill(language: ProbeLanguage, skill: str) -> list[Probe]:
    return [one for one in probes(language) if one.skill == skill]


@pytest.mark.parametrize("language", PROBE_LANGUAGES)
def test_every_skill_has_a_hundred_different_probes(language: ProbeLanguage) -> None:
    assert Counter(one.skill for one in probes(language)) == dict.fromkeys(SKILLS, NUM_ITEMS)
    asked = Counter((one.beginning, one.choices) for one in probes(language))
    assert asked.most_common(1)[0][1] == 1
    assert len({one.probe_id for one in probes(language)}) == len(SKILLS) * NUM_ITEMS


@pytest.mark.parametrize("language", PROBE_LANGUAGES)
def test_a_beginning_has_one_right_answer_throughout(language: ProbeLanguage) -> None:
    """Where a beginning comes twice, what is right here is not wrong there."""
    right: dict[str, set[str]] = {}
    for one in probes(language):
        right.setdefault(one.beginning, set()).add(one.choices[0])
    for one in probes(language):
        assert not right[one.beginning].intersection(one.choices[1:]), one.probe_id


@pytest.mark.parametrize("language", PROBE_LANGUAGES)
def test_choices_are_two_to_four_different_texts_in_the_same_spacing(
    language: ProbeLanguage,
) -> None:
    for one in probes(language):
        assert 2 <= len(one.choices) <= 4, one.probe_id
        assert len(set(one.choices)) == len(one.choices), one.probe_id
        assert len({choice.startswith(" ") for choice in one.choices}) == 1, one.probe_id
        assert all(choice.strip() for choice in one.choices), one.probe_id
        assert not one.beginning.endswith(" "), one.probe_id
        assert "\t" not in one.beginning + "".join(one.choices), one.probe_id


@pytest.mark.parametrize("language", PROBE_LANGUAGES)
@pytest.mark.parametrize("extreme", [max, min])
def test_neither_the_longest_nor_the_shortest_choice_is_the_right_one(
    language: ProbeLanguage, extreme: type[max]
) -> None:
    """Who always takes it, and draws among equals, earns little more than guessing."""
    shares = Counter[str]()
    for one in probes(language):
        lengths = [len(choice) for choice in one.choices]
        picked = extreme(lengths)
        shares[one.skill] += (lengths[0] == picked) / lengths.count(picked)
    assert all(share < 0.45 * NUM_ITEMS for share in shares.values()), shares
    assert sum(shares.values()) < 0.37 * NUM_ITEMS * len(SKILLS)


@pytest.mark.parametrize("language", PROBE_LANGUAGES)
def test_choices_are_of_like_length(language: ProbeLanguage) -> None:
    for one in probes(language):
        lengths = [len(choice.strip()) for choice in one.choices]
        assert max(lengths) - min(lengths) <= max(6, min(lengths)), one.probe_id


def test_sums_are_right_their_wrong_choices_as_long_and_a_seed_repeats_them() -> None:
    found = sums(NUM_ITEMS)
    for one in found:
        value = {"+": one.left + one.right, "-": one.left - one.right, "×": one.left * one.right}
        assert one.choices[0] == value[one.sign]
        assert len({len(str(choice)) for choice in one.choices}) == 1
    assert found == sums(NUM_ITEMS)
    assert found != sums(NUM_ITEMS, seed=1)
    assert {one.sign for one in found} == {"+", "-", "×"}
    off = [one.choices[0] > min(one.choices[1:]) for one in found]
    assert 0.2 < sum(off) / len(off) < 0.95  # wrong ones lie on both sides


def test_a_part_is_spread_over_all_skills_and_keeps_passages_whole() -> None:
    half = probes("en", every=2)
    assert Counter(one.skill for one in half) == dict.fromkeys(SKILLS, NUM_ITEMS // 2)
    passages = Counter(one.beginning.partition("\n")[0] for one in half if one.skill == "reading")
    assert set(passages.values()) == {5}


@pytest.mark.parametrize("language", PROBE_LANGUAGES)
def test_general_texts_are_twenty_of_a_paragraph(language: ProbeLanguage) -> None:
    texts = general_texts(language)
    assert len({one.text for one in texts}) == 20
    assert all("\n" not in one.text and len(one.text) > 50 for one in texts)


def test_a_chinese_choice_follows_at_once_and_an_english_one_after_a_space() -> None:
    assert of_skill("zh", "words")[0].choices[0] == "冷"
    assert of_skill("en", "words")[0].choices[0] == " cold"
    listed = next(one for one in of_skill("en", "form") if one.beginning.endswith("\n"))
    assert not listed.choices[0].startswith(" ")
