"""An answer that is reasoned towards -> what it ends in, compared with what the reference ends in.

For sums and riddles, whose solutions may take any way: what follows the last `####`, `A:` or
`Answer:`, as GSM8K and its model solutions write it (Cobbe and others 2021, arXiv 2110.14168);
without such a mark the last line. Commas within numbers and a full stop at the end are nothing.
"""

import re

_MARK = re.compile(r"####|\b(?:(?i:answer)|A)\s*:")
_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")


def final_answer(completion: str, reference: str) -> float:
    """100 where both end in the same answer, else 0."""
    return 100.0 * (_ending(completion) == _ending(reference))


def _ending(text: str) -> str:
    marks = list(_MARK.finditer(text))
    end = text[marks[-1].end() :] if marks else (text.strip().splitlines() or [""])[-1]
    return _COMMA.sub("", " ".join(end.split())).rstrip(".").casefold()
