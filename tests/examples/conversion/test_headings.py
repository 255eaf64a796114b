"""Headings become questions that say what they say: known wordings, by hand."""

import pytest

from tunesmith.examples.conversion.heading_wordings import heading_wordings
from tunesmith.examples.conversion.headings import part_question, section_question
from tunesmith.sources.material import Section


def section(*headings: str, subject: str = "Widget", text: str = "Text.") -> Section:
    return Section(headings=headings, text=text, source="a.md:1", subject=subject)


def asked(*headings: str, subject: str = "Widget", text: str = "Text.") -> set[str]:
    """Every wording that some seed draws."""
    drawn = section(*headings, subject=subject, text=text)
    return {section_question(drawn, str(seed)) for seed in range(60)}


def with_verb(action: str) -> set[str]:
    return {f"How do I {action}?", f"How can I {action}?"}


@pytest.mark.parametrize(
    "heading", ["Installation", "Install", "Installing", "How to install", "Installation guide"]
)
def test_an_installation_is_asked_for_by_the_name_of_the_product(heading: str) -> None:
    assert asked("Widget", heading) == {
        "How do I install Widget?",
        "How can I install Widget?",
        "What do I have to do to install Widget?",
    }


@pytest.mark.parametrize(
    ("heading", "action"),
    [
        ("Installing plugins", "install plugins"),
        ("Installing and Using Plugins", "install and use Plugins"),
        ("Set a default model", "set a default model"),
        ("Listing available keys", "list available keys"),
        ("Building under Windows", "build Widget under Windows"),
        ("Turning logging on and off", "turn logging on and off"),
        ("Step 2: Create an account", "create an account"),
        ("Running", "run Widget"),
    ],
)
def test_an_action_is_asked_for_by_its_verb(heading: str, action: str) -> None:
    assert asked("Widget", heading) == with_verb(action)


@pytest.mark.parametrize(
    "heading",
    [
        "Access to files",
        "Test results",
        "Parse position and errors",
        "Training of staff",
        "Processing times",
        "Decoding overview",
        "Support for Linux",
        "Install!",
        "String handling",
    ],
)
def test_a_noun_that_looks_like_a_verb_asks_for_no_action(heading: str) -> None:
    assert not any(question.startswith("How") for question in asked("Widget", heading))


@pytest.mark.parametrize(
    ("headings", "action"),
    [
        (("Widget", "Installation", "With pip"), "install Widget with pip"),
        (("Widget", "Install", "Method 2: From source"), "install Widget from source"),
        (("Widget", "Installation", "Windows"), "install Widget on Windows"),
        (("Widget", "Installing plugins", "Docker"), "install plugins with Docker"),
    ],
)
def test_a_way_to_do_it_is_asked_for_with_what_is_done(
    headings: tuple[str, ...], action: str
) -> None:
    assert asked(*headings) == with_verb(action)


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("How do I reset it?", "How do I reset it?"),
        ("How to reset it", "How do I reset it?"),
        ("How to install?", "How do I install?"),
        ("What is a widget", "What is a widget?"),
        ("怎么退货", "怎么退货？"),
    ],
)
def test_a_heading_that_asks_is_the_question(heading: str, question: str) -> None:
    assert asked("Widget", heading) == {question}


@pytest.mark.parametrize(
    ("headings", "words"),
    [
        (("Widget", "Spin rate"), '"Spin rate"'),
        (("Widget", "Motors", "Spin rate"), '"Motors"'),
        (("Widget", "spin_rate()"), "`spin_rate`"),
        (("Widget", "Requirements"), "Widget"),
    ],
)
def test_any_other_heading_is_named_in_the_question(headings: tuple[str, ...], words: str) -> None:
    assert all(words in question for question in asked(*headings))


def test_a_word_that_the_text_uses_needs_no_quotes() -> None:
    questions = asked("Widget", "Motors", text="All motors spin.")
    assert all("motors" in question and '"' not in question for question in questions)


def test_without_a_name_none_is_made_up() -> None:
    assert asked("Setup", "Installation", subject="") == {
        "How does the installation work?",
        "What are the steps of the installation?",
    }
    assert not any("{" in question for question in asked("Setup", "Spin rate", subject=""))


def test_chinese_headings_are_asked_for_in_chinese() -> None:
    assert asked("小部件", "安装", subject="小部件") == {"如何安装小部件？", "怎样安装小部件？"}
    assert asked("小部件", "设置密码", subject="小部件") == {"如何设置密码？", "怎样设置密码？"}
    assert part_question("如何安装？", 1, 2) == "如何安装？（第1部分，共2部分）"


def test_the_wording_varies_between_places_and_never_for_one() -> None:
    one = section("Widget", "Installation")
    assert section_question(one, "a") == section_question(one, "a")
    assert len(asked("Widget", "Spin rate")) == 3


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_wording_can_be_filled_in(language: str) -> None:
    table = heading_wordings("zh" if language == "zh" else "en")
    for pattern in table.patterns:
        for form in pattern.named:
            assert "{name}" in form
            assert "{" not in form.format(name="Widget", heading="features")
        for form in pattern.without:
            assert "{" not in form.format(heading="features")


OF_OTHER_SCRIPTS = [  # heading, question where the product is known, and where it is not
    ("Установка", "Как установить Kettle?", "Как выполнить установку?"),
    (
        "Чистка",
        "Что в документации Kettle сказано в разделе «Чистка»?",
        "Что сказано в разделе «Чистка»?",
    ),
    ("Εγκατάσταση", "Πώς εγκαθιστώ το Kettle;", "Πώς γίνεται η εγκατάσταση;"),
    ("التثبيت", "كيف أثبّت Kettle؟", "كيف يتم التثبيت؟"),
    ("שימוש", "איך משתמשים ב-Kettle?", "איך משתמשים?"),
    ("उपयोग", "Kettle का उपयोग कैसे करें?", "उपयोग कैसे करें?"),
    ("使い方", "Kettleの使い方を教えてください。", "使い方を教えてください。"),
    ("설치 방법", "Kettle은(는) 어떻게 설치하나요?", "어떻게 설치하나요?"),
    ("การติดตั้ง", "ติดตั้ง Kettle อย่างไร", "ติดตั้งอย่างไร"),
    ("安装", "如何安装Kettle？|怎样安装Kettle？", "如何安装？"),
    ("Как оплатить", "Как оплатить?", "Как оплатить?"),
    ("Πώς πληρώνω", "Πώς πληρώνω;", "Πώς πληρώνω;"),
    ("كيف أدفع الفاتورة", "كيف أدفع الفاتورة؟", "كيف أدفع الفاتورة؟"),
]


@pytest.mark.parametrize(("heading", "named", "without"), OF_OTHER_SCRIPTS)
def test_a_heading_of_another_script_is_asked_for_in_its_language(
    heading: str, named: str, without: str
) -> None:
    for subject, wanted in (("Kettle", named), ("", without)):
        section = Section(headings=("Overview", heading), text="t", source="a:1", subject=subject)
        assert section_question(section, "s") in wanted.split("|")
