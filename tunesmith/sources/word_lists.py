"""Words in one string, parted by blanks -> a tuple of them; long lists read best that way."""


def listed(words: str) -> tuple[str, ...]:
    """The words of a list, in order."""
    return tuple(words.split())
