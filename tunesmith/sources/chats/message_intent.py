"""A message's text -> whether it asks, whether it wants something, whether it says anything.

Rules of thumb for chats, chiefly English, with the commonest words of German, French, Spanish
and Chinese. They read words only; who spoke to whom is decided elsewhere.
"""

import re

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_URL = re.compile(r"\b(?:https?|ftp|mailto)://\S+|\bwww\.\S+", re.IGNORECASE)
_QUOTED_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
_EMOJI_NAME = re.compile(r":[a-z0-9_+'-]+:", re.IGNORECASE)
_MENTION = re.compile(r"@[\w.\-]+(?::)?")
_QUESTION_MARK = re.compile(r"[?？⁇]")
_INTERROGATIVE = re.compile(
    r"""(?:^|[.!,;:\n]\s*|^(?:hi|hey|hello|ok|so|and|but|also|then|btw|please)\b[\s,:]*)
    (?:
      how\s+(?:do|does|did|can|could|should|would|is|are|to|long|much|many|often|come)
    | wh(?:at|ere|en|ich|o|y)(?:'s|\s+(?:is|are|was|do|does|did|can|could|should|would|will|to))
    | (?:can|could|would|will|do|does|did|is|are|has|have|should|may)\s+
      (?:i|we|you|someone|somebody|anyone|anybody|it|there|this|that|the)\b
    | (?:any(?:one|body)|some(?:one|body))\s+(?:know|have|has|here|else|using|tried|can|got)
    | any\s+(?:idea|ideas|suggestion|suggestions|chance|way|news|update|advice|tips?)\b
    | what\s+about | how\s+about | why\s+not
    | (?:wie|was|warum|wieso|wo|wann|wer|kann\s+(?:ich|man|jemand)|gibt\s+es|weiß\s+jemand)\s
    | (?:comment|pourquoi|est-ce\s+que|quand|où|quel(?:le)?s?)\s
    | ¿
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_CHINESE_QUESTION = re.compile(
    r"吗|怎么|怎样|如何|请问|为什么|是否|能否|可否|哪[里个些]|多少|几[个天点]"
)
_REQUEST = re.compile(
    r"""\b(?:
      please | (?:i|we)(?:\s+(?:really|also|still|just))?\s+need | (?:i|we)\s+want | i'?d\s+like
    | (?:i|we)\s+would\s+like | need\s+help | help\s+(?:me|us|please|with) | how\s+to
    | let\s+me\s+know | looking\s+for | wonder(?:ing)? | trying\s+to | interested\s+in
    | (?:ca|could|does|did|wo|is|are|was|has|have)n['’]?t | (?:does|did|is|are|will)\s+not
    | cannot | unable | not\s+working | no\s+longer | keeps?\s+\w+ing | fail(?:s|ed|ing)?
    | errors? | problems? | issues?\s+with | trouble | stuck | broken | crash(?:es|ed|ing)?
    | locked(?:\s+out)? | expired | denied | rejects? | refuses? | time[sd]?\s+out | drops
    | hangs | freezes | lost | missing | forgot(?:ten)? | question\s+about
    | (?:don['’]?t|do\s+not)\s+(?:know|understand|get|see|find|have|work)
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_CHINESE_REQUEST = re.compile(r"请|帮[我忙]|需要|想要|无法|不能|打不开|失败|出错|问题")
# Words that carry no answer: greetings, thanks, farewells, agreement with nothing to agree to,
# and promises to look. A message made of these alone says nothing; `yes` and `no` are answers.
_PROMISES = (
    r"good\s+(?:question|point)|hold\s+on|hang\s+on",
    r"(?:just\s+)?(?:one|a)\s+(?:moment|sec(?:ond)?|minute|min|mo)(?:\s+please)?",
    r"(?:i'?ll|i\s+will|let\s+me|lemme)\s+(?:just\s+)?(?:check|look|see|have\s+a\s+look"
    r"|take\s+a\s+look|look\s+into\s+(?:it|that|this)|get\s+back\s+to\s+you|find\s+out|do\s+that"
    r"|try(?:\s+(?:it|that))?)(?:\s+(?:that|it|this|for\s+you|now|on\s+(?:it|that)))*",
    r"looking\s+into\s+(?:it|that|this)|checking(?:\s+now)?|please\s+(?:wait|hold)|taking\s+a\s+look",
)
_SMALL_TALK = (
    *_PROMISES,
    r"hi(?:ya|\s+(?:there|all|everyone|everybody|guys|team|here|again))?",
    r"hello(?:\s+(?:there|all|everyone|everybody|guys|team|again))?",
    r"he+y+(?:\s+(?:there|all|everyone|everybody|guys|team|folks|ho))?",
    r"good\s*(?:morning|afternoon|evening|day|night)(?:\s+(?:all|everyone|everybody|team))?",
    r"morning(?:\s+all)?|g'?day|greetings|welcome(?:\s+(?:back|aboard))?",
    r"(?:many\s+|great\s+|ok\s+)?thank(?:s|\s+you|\s+u)(?:\s+(?:so|very)\s+much|\s+a\s+(?:lot|ton"
    r"|million|bunch|heap)|\s+again|\s+in\s+advance|\s+all|\s+everyone|\s+both|\s+man|\s+mate"
    r"|\s+anyway)?(?:\s+for\s+(?:the|your|all\s+your|all\s+the|that)\s*(?:quick\s+|fast\s+)?"
    r"(?:help|time|reply|response|answer|info|information|heads\s+up|support|patience))?",
    r"thx|thnx|tnx|ty|tysm|cheers|tks|much\s+appreciated|appreciate\s+(?:it|that|you)",
    r"(?:i\s+)?(?:really\s+)?appreciate\s+(?:it|that|the\s+help|your\s+help)",
    r"(?:you\s*(?:'|’)?\s*a?re\s+|ur\s+|your\s+)?(?:very\s+|most\s+)?welcome|yw|np|nw|no\s+worries",
    r"no\s+prob(?:lem|lems|s)?|not?\s+(?:a\s+)?problem|not\s+at\s+all|my\s+pleasure",
    r"(?:it'?s\s+)?(?:a\s+)?pleasure(?:\s+to\s+help(?:\s+you)?)?|happy\s+to\s+help|anytime|any\s+time",
    r"don'?t\s+mention\s+it|glad\s+(?:to\s+(?:hear\s+(?:it|that)|help)|i\s+could\s+help"
    r"|(?:that|it)\s+(?:helped|worked|works))",
    r"by+e+(?:\s*bye)?|good\s*bye|see\s+(?:you|ya|u)(?:\s+(?:later|soon|around|there|tomorrow|then"
    r"|next\s+week))?|cya|cu|ttyl|later|take\s+care|nightie|night(?:\s+all)?|gn|farewell",
    r"(?:you\s+)?have\s+a\s+(?:good|great|nice|lovely|wonderful|pleasant)\s+(?:day|night|evening"
    r"|weekend|one|time|rest\s+of\s+your\s+day)|you\s+too|same\s+to\s+you|likewise",
    r"ok+(?:ay|ie|i)?|k|kk|okey|alright(?:y)?|all\s+right|cool|nice(?:\s+one)?|great(?:\s+job|"
    r"\s+work|\s+stuff|\s+news)?|good|awesome|perfect|excellent|wonderful|amazing|fantastic|lovely",
    r"brilliant|sweet|neat|super|wow|yay|woo+(?:hoo)?|well\s+done|good\s+job|nice\s+work|congrats",
    r"congratulations|sounds\s+good|got\s+it|gotcha|i\s+see|ic|understood|noted|roger|makes\s+sense",
    r"ah+|oh+|hm+|mhm|uh+|um+|er+|ha(?:ha)*h?|he(?:he)+|lol|lmao|rofl|xd|heh|hihi|jk|whoa|oops|ops",
    r"me|sorry|my\s+bad|no\s+rush|exactly|indeed|agreed|same(?:\s+here)?|me\s+too|me\s+neither|ditto",
    r"will\s+do|on\s+it|sure(?:\s+thing)?|of\s+course|certainly|absolutely|definitely",
    r"how\s+(?:can|may)\s+i\s+(?:help|assist)(?:\s+you)?(?:\s+(?:today|with\s+that))?",
    r"how\s+are\s+(?:you|things|u)(?:\s+(?:doing|today))?|how\s+(?:goes\s+it|is\s+it\s+going)",
    r"how'?s\s+it\s+going|what'?s\s+up|sup|i'?m\s+(?:fine|good|well)|fine",
    r"(?:that|it)\s+(?:worked|works|helped|helps|did\s+(?:it|the\s+trick))|(?:that|it)'?s\s+(?:it|all"
    r"|perfect|great|good)|that'?s\s+(?:all|everything|great|perfect)(?:\s+i\s+needed)?|works\s+now",
    r"that\s+(?:is|was)\s+all|for\s+now|again|all|guys|everyone|team|folks|man|mate|sir|then|so|very",
    r"danke(?:\s+schön|\s+sehr)?|bitte(?:\s+schön)?|gern(?:e|\s+geschehen)?|hallo|guten\s+(?:tag|morgen"
    r"|abend)|tschüss|merci(?:\s+beaucoup)?|bonjour|salut|au\s+revoir|de\s+rien|gracias|hola|de\s+nada",
    r"谢谢(?:您|你|大家)?|多谢|感谢|不客气|你好|您好|再见|好的?|嗯+|哈+|收到|没问题|早上好|晚安|拜拜",
)
_ONLY_SMALL_TALK = re.compile(
    rf"[\W_]*+(?:(?>{'|'.join(_SMALL_TALK)})(?!\w)[\W_]*+)++", re.IGNORECASE
)
_ONLY_CHINESE = re.compile(
    r"[\W_]*+(?:(?>谢谢(?:您|你|大家)?|多谢|感谢|不客气|你好|您好|再见|好的?|嗯+|哈+|收到|没问题"
    r"|早上好|晚安|拜拜|啦|了|哦|呀)[\W_]*+)++"
)
_PROMISE = re.compile(rf"\b(?:{'|'.join(_PROMISES)})\b", re.IGNORECASE)
_REACTION = re.compile(
    r"(?:wow|great|nice|cool|awesome|yay|woo+(?:hoo)?|whoa|gah|argh+|ugh|damn|damnit|haha\w*|lol|heh"
    r"|hehe|bah|meh|omg|hurray|hooray)(?!\w)(?![^.!?\n]*\byou\b)",
    re.IGNORECASE,
)
_VOTE = re.compile(r"(?<![\w.])[+-]1(?!\w)")
_LONGEST_SMALL_TALK = 200  # characters


def asks_question(text: str) -> bool:
    """Whether a message asks: a question mark outside code and links, or a question's words."""
    words = _own_words(text)
    return bool(
        _QUESTION_MARK.search(words)
        or _INTERROGATIVE.search(words.lstrip())
        or _CHINESE_QUESTION.search(words)
    )


def is_request(text: str) -> bool:
    """Whether a message wants help without asking: a wish, or something that does not work."""
    words = _own_words(text)
    return bool(_REQUEST.search(words) or _CHINESE_REQUEST.search(words))


def is_small_talk(text: str) -> bool:
    """Whether a message holds nothing but greetings, thanks, farewells and promises to look."""
    if len(text) > _LONGEST_SMALL_TALK:
        return False
    words = _VOTE.sub(" ", _MENTION.sub(" ", _EMOJI_NAME.sub(" ", text))).replace("’", "'")
    if not re.search(r"\w", words):
        return True
    return bool(_ONLY_SMALL_TALK.fullmatch(words) or _ONLY_CHINESE.fullmatch(words))


def is_reaction(text: str) -> bool:
    """Whether a message begins with an exclamation, as one that answers a question does not."""
    return _REACTION.match(text.lstrip()) is not None


def is_promise(text: str) -> bool:
    """Whether a message only says that an answer will come."""
    return is_small_talk(text) and _PROMISE.search(text) is not None


def _own_words(text: str) -> str:
    """The text without code, links and quoted lines: their question marks ask nothing."""
    return _QUOTED_LINE.sub(" ", _URL.sub(" ", _CODE.sub(" ", text)))
