"""Rows of our own with the columns of the data sets that the 25 shared files are about."""

from typing import Any

_REVIEW = "The kettle boils fast and has not leaked once in a year of tea."
_DIALOG = [
    {"id": 0, "sender": "a", "text": "Hello there!", "sender_class": "Human"},
    {"id": 1, "sender": "b", "text": "Good day to you.", "sender_class": "Bot"},
]
_CHOICES = {"text": ["a spoon", "a cloud", "a river", "a stone"], "label": ["A", "B", "C", "D"]}
_COPA = {
    "premise": "The glass fell off the table.",
    "choice1": "It broke.",
    "choice2": "It began to sing.",
}
_SQUAD = {
    "title": "Lighthouses",
    "context": "The lighthouse was built in 1820 by two brothers. It burned whale oil.",
    "question": "When was the lighthouse built?",
}
_ACRONYM = ["The", "World", "Trade", "Body", "(", "WTB", ")", "met", "."]

ROWS: dict[str, list[dict[str, Any]]] = {
    "acronym_identification": [{"tokens": _ACRONYM, "labels": [4, 0, 2, 2, 4, 1, 4, 4, 4]}],
    "ag_news": [{"text": "The port is open again.", "label": n} for n in (0, 3)],
    "amazon_polarity": [{"title": "Fine", "content": _REVIEW, "label": n} for n in (0, 1)],
    "banking77": [{"text": "My card has not come yet.", "label": n} for n in (11, 76)],
    "cnn_dailymail__3.0.0": [
        {"article": "A bridge opened. It is long.", "highlights": "A long bridge opened."}
    ],
    "common_gen": [{"concepts": ["dog", "ball", "park"], "target": "A dog chases a ball."}],
    "conv_ai_2": [{"user_profile": [["I like tea.", "I ski."]], "dialog": _DIALOG}],
    "cosmos_qa": [
        {
            "context": "We missed the bus and walked home in the rain.",
            "question": "Why were they wet?",
            "answer0": "None of the above choices .",
            "answer1": "They walked in the rain.",
            "answer2": "They swam.",
            "answer3": "They washed the car.",
            "label": 1,
        }
    ],
    "e2e_nlg_cleaned": [
        {
            "meaning_representation": "name[The Mill], eatType[pub], food[English], area[river]",
            "human_reference": "The Mill is an English pub by the river.",
        },
        {
            "meaning_representation": "name[The Mill], customer rating[high], familyFriendly[yes], "
            "priceRange[cheap], near[The Weir]",
            "human_reference": "The Mill is cheap, good and takes families; it is near the Weir.",
        },
    ],
    "glue__mnli": [
        {"premise": "Two men row a boat.", "hypothesis": "People are on water.", "label": n}
        for n in (0, 1, 2)
    ],
    "glue__mrpc": [
        {"sentence1": "The firm sold it.", "sentence2": "It was sold by the firm.", "label": n}
        for n in (0, 1)
    ],
    "hotpot_qa__distractor": [
        {
            "question": "In which town is the mill?",
            "answer": "Aldbury",
            "context": {
                "title": ["Mill", "Aldbury"],
                "sentences": [["The mill is old.", " It stands in Aldbury."], ["A town."]],
            },
            "supporting_facts": {"title": ["Mill"], "sent_id": [1]},
        }
    ],
    "imdb": [{"text": "A slow but lovely film.", "label": n} for n in (0, 1)],
    "math_qa": [
        {
            "Problem": "two pens cost 4. what does one cost ?",
            "options": "a ) 2 , b ) 4 , c ) 8 , d ) 1 , e ) 3",
            "correct": "a",
            "category": "general",
        }
    ],
    "openbookqa__main": [
        {"question_stem": "Soup is eaten with", "choices": _CHOICES, "answerKey": "A"}
    ],
    "piqa": [
        {"goal": "dry a cup", "sol1": "wipe it with a towel", "sol2": "fill it", "label": n}
        for n in (0, 1)
    ],
    "samsum": [{"dialogue": "Ann: Tea?\nBob: Yes please.", "summary": "Bob wants tea."}],
    "sms_spam": [{"sms": "You won a prize, reply now!", "label": n} for n in (0, 1)],
    "squad_v2": [
        {**_SQUAD, "answers": {"text": ["1820"], "answer_start": [28]}},
        {**_SQUAD, "answers": {"text": [], "answer_start": []}},
    ],
    "super_glue__boolq": [
        {"question": "is the moon a star", "passage": "The moon is no star.", "label": n}
        for n in (0, 1)
    ],
    "super_glue__copa": [
        {**_COPA, "question": question, "label": n}
        for question in ("cause", "effect")
        for n in (0, 1)
    ],
    "trec": [
        {"text": "What is the capital of Peru?", "coarse_label": coarse, "fine_label": fine}
        for coarse, fine in ((0, 0), (1, 2), (2, 24), (3, 28), (4, 32), (5, 37))
    ],
    "wiki_qa": [
        {
            "question": "how tall is the tower",
            "answer": "It is 90 metres tall.",
            "document_title": "Tower",
            "label": n,
        }
        for n in (0, 1)
    ],
    "xsum": [{"document": "A bridge opened today. It is long.", "summary": "A bridge opened."}],
    "yahoo_answers_qa": [
        {
            "question": "How do I boil an egg?",
            "answer": "Eight minutes.",
            "nbestanswers": ["Eight minutes.", "Ten minutes."],
            "main_category": "Food & Drink",
        }
    ],
}
