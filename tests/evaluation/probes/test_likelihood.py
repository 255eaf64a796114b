"""Choices are compared by nats a byte, behind their beginning; texts by loss and divergence."""

from math import log
from pathlib import Path

import pytest
import torch

from tests.tiny import byte_tokenizer, tiny_network
from tunesmith.evaluation.probes.items import Probe, general_texts, probes
from tunesmith.evaluation.probes.likelihood import (
    ROWS_AT_ONCE,
    chance,
    encode_probes,
    grade_probes,
    num_read,
)
from tunesmith.evaluation.probes.selection import ReadingLimits, choose_probes
from tunesmith.evaluation.probes.text_shift import encode_texts, read_as_base, read_as_tuned
from tunesmith.models.forward import LanguageModel, choose_layout
from tunesmith.models.rows.attention import register
from tunesmith.tokens.tokenizer import Tokenizer, wrap_tokenizer

ANY = ReadingLimits(context=None, num_known=None)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return wrap_tokenizer(byte_tokenizer(), name="bytes")


def tiny_model(seed: int = 0, family: str = "llama") -> LanguageModel:
    register()
    return choose_layout(tiny_network(family, seed=seed))


def probe(beginning: str, *choices: str) -> Probe:
    return Probe(
        probe_id=f"en/words/{beginning}",
        skill="words",
        language="en",
        beginning=beginning,
        choices=choices,
    )


def nats_by_hand(model: LanguageModel, tokenizer: Tokenizer, beginning: str, choice: str) -> float:
    """The textbook's: the whole text alone, log-probabilities of the choice summed."""
    [row] = encode_probes([probe(beginning, choice)], tokenizer)
    ids = torch.tensor(row.ids.astype("int64"))[None]
    with torch.no_grad():
        logits = tiny_network("llama")(input_ids=ids).logits[0].log_softmax(-1)
    places = [i for i in range(1, len(row.ids)) if row.is_trained[i]]
    assert len(places) == len(choice.encode())  # a token a byte
    return -sum(float(logits[i - 1, ids[0, i]]) for i in places)


def test_the_likeliest_choice_by_the_byte_wins(tokenizer: Tokenizer) -> None:
    model = tiny_model()
    choices = (" cat", " a very long choice", " 猫", " d")
    costs = [
        nats_by_hand(model, tokenizer, "I saw", choice) / len(choice.encode()) for choice in choices
    ]
    for right in range(len(choices)):
        turned = (choices[right], *choices[:right], *choices[right + 1 :])
        asked = [probe("I saw", *turned)]
        [points] = grade_probes(model, asked, encode_probes(asked, tokenizer))
        assert points == (100.0 if costs[right] == min(costs) else 0.0)


def test_the_order_of_wrong_choices_and_other_probes_change_nothing(tokenizer: Tokenizer) -> None:
    model, some = tiny_model(), probes("en", every=20)
    turned = [
        Probe(
            probe_id=one.probe_id,
            skill=one.skill,
            language=one.language,
            beginning=one.beginning,
            choices=(one.choices[0], *reversed(one.choices[1:])),
        )
        for one in some
    ]
    points = grade_probes(model, some, encode_probes(some, tokenizer))
    assert points == grade_probes(model, turned, encode_probes(turned, tokenizer))
    back = some[::-1]
    assert points[::-1] == grade_probes(model, back, encode_probes(back, tokenizer))
    assert 0 < sum(points) < 100 * len(points)


def test_a_model_that_prefers_nothing_earns_what_guessing_does(tokenizer: Tokenizer) -> None:
    network = tiny_network("llama")
    for parameter in network.parameters():
        parameter.data.zero_()
    some = probes("en", every=10)
    points = grade_probes(choose_layout(network), some, encode_probes(some, tokenizer))
    assert sum(points) / len(points) == pytest.approx(chance(some), abs=0.01)


def test_a_beginning_in_common_is_counted_and_read_once(tokenizer: Tokenizer) -> None:
    asked = [probe("x" * 50, " a", " b", " c")]
    rows = encode_probes(asked, tokenizer)
    assert num_read(rows) < 70 < sum(len(row.ids) for row in rows)
    assert num_read(rows * ROWS_AT_ONCE) > 3 * num_read(rows) / 2


@pytest.mark.parametrize("family", ["llama", "bloom"])
def test_equal_models_are_no_nat_apart_and_others_are(tokenizer: Tokenizer, family: str) -> None:
    texts = general_texts("en")[:3]
    rows = encode_texts(texts, tokenizer)
    base = read_as_base(tiny_model(family=family), rows)
    for one in read_as_tuned(tiny_model(family=family), texts, rows, base):
        assert one.divergence == 0.0
        assert one.base == one.tuned
        assert one.base / one.num_tokens == pytest.approx(log(260), rel=0.05)
    other = tiny_network(family, seed=1)
    for parameter in other.parameters():
        parameter.data.mul_(3)
    for one in read_as_tuned(choose_layout(other), texts, rows, base):
        assert one.divergence is not None
        assert one.divergence > 0


def test_the_divergence_is_that_of_the_definition(tokenizer: Tokenizer) -> None:
    texts = general_texts("en")[:1]
    [row] = encode_texts(texts, tokenizer)
    tuned_network = tiny_network("llama", seed=5)
    base = read_as_base(tiny_model(), [row])
    [found] = read_as_tuned(choose_layout(tuned_network), texts, [row], base)
    ids = torch.tensor(row.ids.astype("int64"))[None]
    with torch.no_grad():
        p = tiny_network("llama", seed=5)(input_ids=ids).logits[0, :-1].softmax(-1)
        q = tiny_network("llama")(input_ids=ids).logits[0, :-1].softmax(-1)
    trained = torch.tensor(row.is_trained[1:])
    by_hand = (p * (p / q).log()).sum(-1)[trained].sum()
    assert found.divergence == pytest.approx(float(by_hand), rel=1e-3)


def test_of_a_large_vocabulary_the_first_texts_alone_are_compared(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = general_texts("en")[:3]
    rows = encode_texts(texts, tokenizer)
    monkeypatch.setattr(
        "tunesmith.evaluation.probes.text_shift._KEPT_BYTES", len(rows[0].ids) * 260 * 4
    )
    base = read_as_base(tiny_model(), rows)
    found = read_as_tuned(tiny_model(), texts, rows, base)
    assert [one.divergence is None for one in found] == [False, True, True]


def test_a_language_that_is_spelled_in_bytes_is_left_out(tokenizer: Tokenizer) -> None:
    found = choose_probes(tokenizer, ANY, budget=None)
    assert found.languages == ("en",)
    assert found.spelled["zh"] == pytest.approx(3.0, abs=0.1)
    assert (found.every, len(found.asked), len(found.texts)) == (1, 600, 20)


def test_a_budget_takes_a_part_and_at_last_the_texts_alone(tokenizer: Tokenizer) -> None:
    whole = choose_probes(tokenizer, ANY, budget=None).num_tokens
    parts = [choose_probes(tokenizer, ANY, budget=whole * share) for share in (0.9, 0.4, 0.0)]
    assert [part.every for part in parts] == [2, 4, None]
    assert [len(part.asked) for part in parts] == [300, 150, 0]
    assert {len(part.texts) for part in parts} == {20}


def test_what_a_model_cannot_read_is_left_out_and_counted(tokenizer: Tokenizer) -> None:
    found = choose_probes(tokenizer, ReadingLimits(context=60, num_known=None), budget=None)
    assert max(len(row.ids) for row in found.rows) <= 60
    assert 0 < len(found.asked) < 600
    assert found.num_unread == 620 - len(found.asked) - len(found.texts)
    none = choose_probes(tokenizer, ReadingLimits(context=None, num_known=40), budget=None)
    assert not none.texts


def test_the_data_of_probes_ships_with_the_package() -> None:
    from tunesmith.evaluation.probes import items

    folder = Path(items.__file__).parent / "data"
    assert len(list(folder.glob("*/*.tsv"))) == 10
    assert len(list(folder.glob("*/texts.txt"))) == 2
