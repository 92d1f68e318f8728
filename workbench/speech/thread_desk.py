"""A desk with threads: recognition beside what hears the audio, so that hearing never waits."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from workbench.speech import Recognized, Recognizer
from workbench.speech.recognition import Job, answer

STUCK_S = 30.0
"""After which a recogniser that has not answered is given up, and the process with it."""


class ThreadDesk:
    """Asks one recogniser; what is final comes first, then whoever has said least so far."""

    def __init__(
        self,
        recognizer: Recognizer,
        *,
        begun: Callable[[Job], None],
        settled: Callable[[], None],
        stuck: Callable[[Job], None],
    ) -> None:
        """Tell `begun` of each job, `settled` after each, `stuck` of one that has no end."""
        self.recognizer = recognizer
        self._begun, self._settled, self._stuck = begun, settled, stuck
        self._free = max(1, int(getattr(recognizer, "parallel", 1)))
        self._threads = ThreadPoolExecutor(self._free, thread_name_prefix="recognition")
        self._finals: deque[Job] = deque()
        self._partials: dict[int, Job] = {}
        """The newest of each direction of each call that may be left out."""

    def ask(self, job: Job) -> None:
        """Have it answered, on the loop's thread, when its turn comes."""
        if job.final:
            self._finals.append(job)
        else:
            self._partials[id(job.track)] = job
        self._start()

    def _start(self) -> None:
        while self._free and (job := self._next()) is not None:
            self._free -= 1
            self._begun(job)
            loop = asyncio.get_running_loop()
            watch = loop.call_later(STUCK_S, self._stuck, job)
            future = loop.run_in_executor(self._threads, answer, self.recognizer, job)
            future.add_done_callback(
                lambda done, job=job, watch=watch: self._finish(job, watch, done)  # type: ignore[misc]
            )

    def _next(self) -> Job | None:
        if self._finals:
            return self._finals.popleft()
        if self._partials:
            shortest = min(self._partials, key=lambda key: len(self._partials[key].samples))
            return self._partials.pop(shortest)
        return None

    def _finish(
        self,
        job: Job,
        watch: asyncio.TimerHandle,
        done: "asyncio.Future[Recognized | Exception]",
    ) -> None:
        watch.cancel()
        self._free += 1
        if not done.cancelled():
            job.done(done.result())
        self._settled()
        self._start()
