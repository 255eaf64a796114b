"""Cards that Anki exports as text -> questions and answers."""

from tunesmith.sources.kind import Certainty, Recognition, SourceKind
from tunesmith.sources.row import Dropped, Row


def recognise(file):
    if not file.head.startswith(b"#separator:tab"):
        return None
    return Recognition(certainty=Certainty.CERTAIN, reason="it begins as Anki exports cards")


def read(file):
    for number, line in enumerate(file.path.read_text("utf-8").splitlines(), start=1):
        place, (front, _, back) = f"{file.name}:{number}", line.partition("\t")
        if back.strip():
            yield Row(fields={"question": front, "answer": back}, source=place)
        elif not line.startswith("#"):
            yield Dropped(source=place, reason="no back", detail="a card of one side", text=line)


ANKI = SourceKind(name="anki", description="cards of Anki", recognise=recognise, read=read)
