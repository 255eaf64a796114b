"""The first of equal conversations stays."""

from dataclasses import replace

from tunesmith.examples.clean import drop_exact_duplicates
from tunesmith.examples.example import Example, Message
from tunesmith.sources.row import Dropped


def pair(question: str, source: str, *, answer: str = "a") -> Example:
    turns = (Message(role="user", content=question), Message(role="assistant", content=answer))
    return Example(messages=turns, source=source)


def test_repeated_conversations_name_the_first() -> None:
    earlier = Dropped(source="a:2", reason="bad JSON", detail="", text="")
    kept = [pair("q", "a:1"), pair("q ", "a:4"), pair("q", "a:5", answer="b")]
    items = [kept[0], earlier, pair("q", "a:3"), kept[1], kept[2], pair("q", "b:1")]
    found = list(drop_exact_duplicates(items))
    assert [item for item in found if isinstance(item, Example)] == kept
    assert found[1] is earlier
    assert [item.source for item in found] == [item.source for item in items]
    for index in (2, 5):
        assert found[index] == Dropped(
            source=items[index].source,
            reason="exact duplicate",
            detail="the same conversation as a:1",
            text="q",
        )


def test_tags_groups_and_equal_sources_do_not_hide_a_repetition() -> None:
    first = pair("q", "a:1")
    again = replace(first, tags=("x",), group="g", source="".join(["a:", "1"]))
    assert isinstance(list(drop_exact_duplicates([first, again]))[1], Dropped)
