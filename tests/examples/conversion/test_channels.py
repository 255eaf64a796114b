"""Open channels: real ones against known conversations, and whole ones written by hand."""

import dataclasses
from pathlib import Path

import pytest

from bench.channels import measure
from tunesmith.examples.conversion.from_threads import threads_to_examples
from tunesmith.examples.example import Example
from tunesmith.recipe.source_recipe import SourceRecipe
from tunesmith.sources.chats.irc import read_irc
from tunesmith.sources.chats.post import UNCLEAR, Post
from tunesmith.sources.chats.spoken_to import called
from tunesmith.sources.chats.who_answers_whom import ChannelPace, find_threads
from tunesmith.sources.material import Thread, Turn
from tunesmith.sources.row import Dropped, NotRead

PACE = ChannelPace(burst=90.0, alone=600.0, pause=600.0, wait=1200.0)


def test_real_channels_are_parted_as_people_part_them(shared_data: Path) -> None:
    """Of lines given to an answer nine in ten belong there, also where no weight was chosen."""
    found = measure(shared_data)
    for part in ("tuned", "held back"):
        assert found[part]["precision"] >= 0.9, found[part]
        assert found[part]["found"] >= 0.75, found[part]
    assert found["slack"]["labelled"] == found["slack"]["exchanges"] == found["slack"]["equal"]


Lines = list[tuple[str, str]]  # author, text

# Two conversations at once, the lines of each by turns; what is right follows below.
INTERLEAVED: dict[str, tuple[Lines, list[Lines]]] = {
    "english": (
        [
            ("ann", "how do I mount a usb stick?"),
            ("cyd", "does anyone know why the printer queue is stuck?"),
            ("bob", "{ann}plug the usb stick in and look at dmesg"),
            ("dee", "{cyd}clear the printer queue with cancel -a"),
            ("ann", "{bob}and then?"),
            ("cyd", "{dee}it asks for a password"),
            ("bob", "{ann}then mount /dev/sdb1 on /mnt"),
            ("dee", "{cyd}the one of the account lp"),
            ("fay", "what a day"),
        ],
        [
            [
                ("how do I mount a usb stick?", "plug the usb stick in and look at dmesg"),
                ("and then?", "then mount /dev/sdb1 on /mnt"),
            ],
            [
                (
                    "does anyone know why the printer queue is stuck?",
                    "clear the printer queue with cancel -a",
                ),
                ("it asks for a password", "the one of the account lp"),
            ],
        ],
    ),
    "german": (
        [
            ("ann", "Wie ändere ich mein Passwort im Portal?"),
            ("cyd", "Weiß jemand, wo der Schlüssel zum Fahrradkeller liegt?"),
            ("bob", "{ann}Im Portal unter Konto steht Passwort ändern"),
            ("dee", "{cyd}Der Schlüssel zum Fahrradkeller hängt am Empfang"),
            ("ann", "{bob}Wie lang muss es sein?"),
            ("cyd", "{dee}Wann ist der Empfang besetzt?"),
            ("bob", "{ann}Zwölf Zeichen"),
            ("dee", "{cyd}Bis acht Uhr abends"),
            ("fay", "Heute gibt es Kuchen"),
        ],
        [
            [
                (
                    "Wie ändere ich mein Passwort im Portal?",
                    "Im Portal unter Konto steht Passwort ändern",
                ),
                ("Wie lang muss es sein?", "Zwölf Zeichen"),
            ],
            [
                (
                    "Weiß jemand, wo der Schlüssel zum Fahrradkeller liegt?",
                    "Der Schlüssel zum Fahrradkeller hängt am Empfang",
                ),
                ("Wann ist der Empfang besetzt?", "Bis acht Uhr abends"),
            ],
        ],
    ),
    "chinese": (
        [
            ("小明", "请问怎么重置路由器？"),
            ("阿强", "有人知道打印机为什么不工作吗？"),
            ("小红", "{小明}按住路由器后面的按钮十秒就可以重置"),
            ("老王", "{阿强}打印机没有纸了，加纸就工作"),
            ("小明", "{小红}然后怎么连接网络？"),
            ("阿强", "{老王}纸在哪里？"),
            ("小红", "{小明}用标签上的密码"),
            ("老王", "{阿强}在二楼的柜子里"),
            ("大卫", "今天天气很好"),
        ],
        [
            [
                ("请问怎么重置路由器？", "按住路由器后面的按钮十秒就可以重置"),
                ("然后怎么连接网络？", "用标签上的密码"),
            ],
            [
                ("有人知道打印机为什么不工作吗？", "打印机没有纸了，加纸就工作"),
                ("纸在哪里？", "在二楼的柜子里"),
            ],
        ],
    ),
}
STYLES = {"nick": "{}: ", "comma": "{}, ", "at": "@{} ", "bare at": "@{}"}


def channel(lines: Lines, style: str | None, *, seconds: float = 30.0) -> list[Post]:
    """Lines as posts, half a minute apart; `{name}` as the style names somebody, or not at all."""
    names = {author: author for author, _ in lines}
    shown = {name: STYLES[style].format(name) if style else "" for name in names}
    return [
        Post(
            turn=Turn(
                author=author, text=text.format(**shown), source=f"c:{n}", seconds=n * seconds
            )
        )
        for n, (author, text) in enumerate(lines)
    ]


def answers(posts: list[Post]) -> list[Lines]:
    """The conversations found in a channel, as pairs of question and answer."""
    threads = [piece for piece in find_threads(posts, PACE) if isinstance(piece, Thread)]
    examples = threads_to_examples(iter(threads), SourceRecipe(path="c"))
    kept = [item for item in examples if isinstance(item, Example)]
    texts = [[message.content for message in example.messages] for example in kept]
    return [list(zip(text[::2], text[1::2], strict=True)) for text in texts]


@pytest.mark.parametrize("language", INTERLEAVED)
@pytest.mark.parametrize("style", STYLES)
def test_names_part_two_conversations_at_once(language: str, style: str) -> None:
    lines, wanted = INTERLEAVED[language]
    if style == "bare at" and language != "chinese":
        pytest.skip("a name without a blank behind it is of languages without blanks")
    found = answers(channel(lines, style))
    whole = [[(_bare(a, lines), _bare(b, lines)) for a, b in talk] for talk in found]
    assert whole == wanted


@pytest.mark.parametrize("language", INTERLEAVED)
def test_without_names_no_line_is_given_to_the_other_conversation(language: str) -> None:
    """Less may be found; what is found is right, and the first answers are found by their words."""
    lines, wanted = INTERLEAVED[language]
    found = answers(channel(lines, None))
    talk_of = {text: n for n, talk in enumerate(wanted) for pair in talk for text in pair}
    firsts = {talk[0] for talk in wanted}
    pairs = [pair for talk in found for pair in talk]
    assert {(a.split("\n")[0], b.split("\n")[0]) for a, b in pairs} >= firsts
    for asked, answered in pairs:
        owners = {talk_of.get(text) for side in (asked, answered) for text in side.split("\n")}
        assert len(owners) == 1, (asked, answered)


def test_replies_that_the_format_names_decide() -> None:
    """Sixty messages, thirty questions, each answered by a reply long after the next questions."""
    posts: list[Post] = []
    for n in range(30):
        turn = Turn(author=f"user{n}", text=f"how do I configure {n}?", source=f"q{n}", seconds=n)
        posts.append(Post(turn=turn))
    for n in range(30):
        turn = Turn(author="ben", text=f"Set {n} to on.", source=f"a{n}", seconds=100 + n)
        posts.append(Post(turn=turn, reply_to=f"q{n}"))
    found = answers(posts)
    assert found == [[(f"how do I configure {n}?", f"Set {n} to on.")] for n in range(30)]


def test_a_reply_to_what_is_gone_answers_nothing_else() -> None:
    posts = channel(
        [("ann", "where is the key?"), ("cyd", "lunch"), ("bob", "under the mat")], None
    )
    posts[2] = dataclasses.replace(posts[2], reply_to="gone")
    dropped = [piece for piece in find_threads(posts, PACE) if isinstance(piece, Dropped)]
    assert {piece.text: piece.reason for piece in dropped}["under the mat"] == UNCLEAR


def test_what_may_answer_two_questions_is_left_out() -> None:
    lines = [
        ("ann", "where do I find the logs of the server?"),
        ("cyd", "which door leads to the garden?"),
        ("bob", "cyd: the green one"),
        ("bob", "ann: on the server"),
        ("ann", "bob: which folder?"),
        ("cyd", "bob: is it locked?"),
        ("bob", "look behind the stairs"),
    ]
    pieces = list(find_threads(channel(lines, None), PACE))
    dropped = {p.text: p.reason for p in pieces if isinstance(p, Dropped)}
    assert dropped == {"look behind the stairs": UNCLEAR}


@pytest.mark.parametrize(
    "call",
    [
        "anyone else with a broken doorbell?",
        "Hat jemand auch eine kaputte Klingel?",
        "quelqu'un a-t-il une sonnette cassée ?",
        "有人的门铃坏了吗？",
    ],
)
def test_a_helper_who_asks_everybody_begins_a_matter_of_their_own(call: str) -> None:
    lines = [
        ("cyd", "lunch"),
        ("ann", "how do I mount a usb stick?"),
        ("bob", "ann: mount /dev/sdb1 on /mnt"),
        ("bob", call),
    ]
    assert answers(channel(lines, None)) == [[(lines[1][1], lines[2][1])]]


def test_a_name_that_somebody_else_takes_later_stays_its_first_owners(tmp_path: Path) -> None:
    log = (
        "[10:00] <bill> how do i list ports?\n"
        "[10:01] <ann> bill: ss -tlnp\n"
        "[10:01] <cyd> lunch\n"
        "=== guest7 is now known as bill\n"
    )
    (tmp_path / "help.log").write_text(log, encoding="utf-8")
    threads = [p for p in read_irc(tmp_path / "help.log", "c") if isinstance(p, Thread)]
    assert [[turn.author for turn in thread.turns] for thread in threads] == [["bill", "ann"]]


@pytest.mark.parametrize("language", INTERLEAVED)
@pytest.mark.parametrize("style", [None, *STYLES])
def test_every_message_of_a_channel_is_in_one_place(language: str, style: str | None) -> None:
    posts = channel(INTERLEAVED[language][0], style)
    places: list[str] = []
    for piece in find_threads(posts, PACE):
        turns = piece.turns if isinstance(piece, Thread) else ()
        places += [turn.source for turn in turns] or [piece.source]
    assert sorted(places) == sorted(post.turn.source for post in posts)


@pytest.mark.parametrize(
    ("text", "to"),
    [
        ("annabel: yes", ["annabel"]),
        ("Annabel, yes", ["annabel"]),
        ("annab: yes", ["annabel"]),  # cut short
        ("anabel: yes", ["annabel"]),  # a letter lost
        ("annebel: yes", ["annabel"]),  # another letter
        ("annaebl: yes", ["annabel"]),  # two swapped
        ("bo: yes", []),  # too short to tell
        ("note: yes", []),
        ("trey: yes", ["|trey|"]),
        ("bob:it works", ["bob"]),
        ("bob, annabel: yes", ["bob", "annabel"]),
        ("thanks bob", ["bob"]),
        ("bob?", ["bob"]),
        ("that is right, bob", ["bob"]),
        ("I asked bob about it", []),
        ("看一下 @小明你好", ["小明"]),
        ("小明，看一下", ["小明"]),
        ("mail me@bobs.example", []),
    ],
)
def test_whom_a_text_speaks_to(text: str, to: list[str]) -> None:
    names = called((name, name) for name in ("annabel", "bob", "|trey|", "小明"))
    for name in ("annabel", "bob", "|trey|", "小明"):
        names.hear(name)
    assert names.spoken_to(text)[0] == to


def test_programs_and_comings_are_named(tmp_path: Path) -> None:
    log = (
        "=== ann [~a@1.2.3.4]  has joined #help\n"
        "[10:00] <ann> how do i list ports?\n"
        "[10:00] <ubottu> ports are listed by ss\n"
        "[10:01] <bob> ann: ss -tlnp\n"
        "=== bob is now known as bob_away\n"
        "[10:02] * bob_away waves\n"
    )
    (tmp_path / "help.log").write_text(log, encoding="utf-8")
    pieces = list(read_irc(tmp_path / "help.log", "help.log"))
    noise = [piece.source for piece in pieces if isinstance(piece, NotRead)]
    dropped = {piece.source: piece.detail for piece in pieces if isinstance(piece, Dropped)}
    assert noise == ["help.log:1", "help.log:5"]
    assert dropped["help.log:3"] == "written by the program ubottu"
    assert "help.log:6" in dropped


def _bare(text: str, lines: Lines) -> str:
    """A text without whom it speaks to."""
    for name in {author for author, _ in lines}:
        for style in STYLES.values():
            text = text.removeprefix(style.format(name))
    return text
