"""A thread pool: tasks -> futures; its threads never keep a program from ending.

The standard library's pool waits for its threads when Python ends: after Ctrl-C a user would
wait until a slow server has answered.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")
_Task = tuple[Future[T], Callable[[], T]]


class ThreadPool(Generic[T]):
    """Up to `size` threads, started as they are needed."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._tasks: queue.SimpleQueue[_Task[T] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def submit(self, task: Callable[[], T]) -> Future[T]:
        """Have a task done; what it raises is raised by the future."""
        future: Future[T] = Future()
        self._tasks.put((future, task))
        with self._lock:
            if len(self._threads) < self._size:
                thread = threading.Thread(target=self._work, daemon=True, name="tunesmith-call")
                self._threads.append(thread)
                thread.start()
        return future

    def _work(self) -> None:
        while (item := self._tasks.get()) is not None:
            future, task = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(task())
            except BaseException as error:  # noqa: BLE001 - raised where the future is awaited
                future.set_exception(error)
            del item, future, task

    def close(self) -> None:
        """Let the threads end after the tasks that are waiting."""
        with self._lock:
            for _ in self._threads:
                self._tasks.put(None)
            threads, self._threads = self._threads, []
        for thread in threads:
            thread.join()
