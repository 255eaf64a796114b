"""The most similar training question, found by its words."""

import time

import pytest

from tunesmith.evaluation.nearest import NearestQuestion


def found(trained: list[str], asked: str) -> int | None:
    [neighbour] = NearestQuestion(trained).find([asked])
    return None if neighbour is None else neighbour.place


def test_the_same_question_is_found_with_similarity_one() -> None:
    trained = ["How do I reset my password?", "Where is my invoice?", "How do I pay?"]
    neighbours = list(NearestQuestion(trained).find(["Where is my invoice", *trained]))
    assert [n and n.place for n in neighbours] == [1, 0, 1, 2]
    assert [n.similarity for n in neighbours if n] == pytest.approx([1.0] * 4)


def test_rare_words_weigh_more_than_common_ones() -> None:
    trained = [f"What is the capital of {name}?" for name in ("Peru", "Chile", "Kenya")]
    assert found([*trained, "Kenya exports"], "Tell me about exports of Kenya") == 3


def test_pairs_of_words_tell_order_apart() -> None:
    assert found(["dog bites man", "man bites dog"], "a man bites the dog") == 1


def test_of_equally_similar_ones_the_earliest_is_taken() -> None:
    assert found(["red car", "red car"], "red car") == 0


def test_no_word_in_common_is_no_neighbour() -> None:
    assert found(["red car"], "blue sky") is None
    assert found([], "blue sky") is None
    assert found(["red car"], "") is None


def test_chinese_is_compared_by_character() -> None:
    assert found(["今天天气怎么样", "发票在哪里"], "我的发票在哪里？") == 1


def test_thousands_of_questions_take_a_moment() -> None:
    trained = [f"Question {n} about topic {n % 97} and case {n % 89}" for n in range(5_000)]
    start = time.perf_counter()
    places = [n.place for n in NearestQuestion(trained).find(trained[:300]) if n]
    assert places == list(range(300))
    assert time.perf_counter() - start < 20  # a matrix, not a loop over pairs
