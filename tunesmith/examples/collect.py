"""Chunks -> a collection of all examples; what stays of it -> lines; the rest -> Dropped."""

from collections.abc import Callable, Iterable, Iterator

import orjson

from tunesmith.examples.example import Example, drop_example
from tunesmith.examples.read_count import ReadCount
from tunesmith.examples.splitting.collection import Chunk, Collection
from tunesmith.examples.splitting.duplicates import LeftOut
from tunesmith.sources.row import Dropped, RowError

Drop = Callable[[Dropped], object]


def collect(
    collection: Collection, chunks: Iterable[Chunk], *, count: ReadCount, drop: Drop
) -> Iterator[int]:
    """Take up chunks while the caller iterates.

    Args:
        collection: Takes the examples up; it is finished in the end.
        chunks: As `read_chunks` yields them.
        count: Grows.
        drop: Told of what is left out, in order.

    Yields:
        How many pieces were read since the last time.
    """
    for chunk in chunks:
        for item in chunk.dropped:
            count.add(item)
            drop(item)
        count.add_kept(chunk.kept_by_source, chunk.removed)
        count.not_read.update(chunk.not_read)
        collection.add(chunk)
        yield chunk.num_read
    collection.finish()


def write_rows(
    collection: Collection,
    left_out: dict[int, LeftOut],
    write: Callable[[int, bytes], object],
    *,
    count: ReadCount,
    drop: Drop,
) -> None:
    """Pass through all rows in order.

    Args:
        collection: Finished.
        left_out: Rows that are left out after all.
        write: Told of each row that stays, with its line.
        count: What is left out moves from kept to dropped; what stays, what was hidden in it.
        drop: Told of what is left out.
    """
    for row, line in enumerate(collection.lines()):
        if row in left_out:
            item = drop_collected(collection, line, left_out[row])
            count.lose(item)
            drop(item)
        else:
            count.redacted.update(collection.redacted.get(row, {}))
            write(row, line)


def source_of(collection: Collection, row: int) -> str:
    """Where a row came from."""
    source: str = orjson.loads(collection.line(row))["source"]
    return source


def with_group(line: bytes, group: str) -> bytes:
    """A line with the name of its group."""
    return b'%b,"group":"%b"}\n' % (line[:-2], group.encode())


def drop_collected(collection: Collection, line: bytes, why: LeftOut) -> Dropped:
    """What is said of a row that is left out for others, which it names by their places."""
    places = " and ".join(source_of(collection, row) for row in why.others)
    example = Example.from_json(orjson.loads(line))
    return drop_example(example, RowError(why.reason, f"{why.words} {places}".rstrip()))
