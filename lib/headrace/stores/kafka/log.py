"""The EventLog port on Kafka: appended from an event loop, sent by a thread of its own. Opens and reopens by itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final

from kafka import KafkaProducer
from kafka.errors import MessageSizeTooLargeError
from kafka.producer.future import RecordMetadata

from headrace.errors import RecordTooLarge, StoreUnavailable
from headrace.settings import Kafka
from headrace.stores.kafka.producer import Outgoing, appended, close_producer, open_producer, send
from headrace.stores.ports import Appended

UNANSWERED: Final = 10_000  # appends under way at once; beyond it the answer is "unavailable" now, not an endless queue
LINGER_MS: Final = 0  # a person's click waits for this acknowledgement; under load batches form by themselves


@dataclass(frozen=True, slots=True)
class _Waiting:
    """One append. Its answer belongs to the event loop; only `_settle`, on that loop, touches it."""

    record: Outgoing
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Appended]
    suspect: threading.Event  # set when something went wrong that the producer may not recover from

    def succeed(self, metadata: RecordMetadata) -> None:
        self.loop.call_soon_threadsafe(self._settle, appended(metadata))

    def fail(self, error: Exception) -> None:
        refusal: StoreUnavailable | RecordTooLarge
        if isinstance(error, MessageSizeTooLargeError | RecordTooLarge):
            refusal = RecordTooLarge(f"Kafka: {self.record.topic}: {error}")
        else:
            self.suspect.set()
            refusal = StoreUnavailable(f"Kafka: {self.record.topic}: {error}")
        refusal.__cause__ = error
        self.loop.call_soon_threadsafe(self._settle, refusal)

    def _settle(self, outcome: Appended | StoreUnavailable | RecordTooLarge) -> None:
        if self.answer.done():  # its caller gave up at the deadline
            return
        if isinstance(outcome, Appended):
            self.answer.set_result(outcome)
        else:
            self.answer.set_exception(outcome)


class KafkaLog:
    """Made at once, whether or not a broker answers: each append tries, until its deadline, to reach one."""

    def __init__(self, kafka: Kafka) -> None:
        self._kafka = kafka
        self._deadline_s = kafka.request_timeout_ms / 1000
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._unanswered = 0
        self._closed = False
        self._suspect = threading.Event()
        self._thread = threading.Thread(target=self._send_all, name="headrace-log", daemon=True)
        self._thread.start()

    async def append(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
    ) -> Appended:
        if self._closed or not self._thread.is_alive():
            raise StoreUnavailable(f"Kafka at {self._kafka.bootstrap}: {topic}: this log was closed")
        if self._unanswered >= UNANSWERED:
            raise StoreUnavailable(f"Kafka at {self._kafka.bootstrap}: {topic}: {UNANSWERED} appends are waiting")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(Outgoing(topic, key, value, tuple(headers)), loop, loop.create_future(), self._suspect)
        self._unanswered += 1
        try:
            self._queue.put(waiting)
            async with asyncio.timeout(self._deadline_s):
                return await waiting.answer
        except TimeoutError as error:
            self._suspect.set()
            where = f"Kafka at {self._kafka.bootstrap}: {topic}"
            raise StoreUnavailable(f"{where}: not acknowledged in {self._deadline_s:g} s") from error
        finally:
            self._unanswered -= 1

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join, 2 * self._deadline_s)

    def _send_all(self) -> None:
        producer = self._opened()  # before the first append, which would wait for it
        while (waiting := self._queue.get()) is not None:
            if waiting.answer.done():
                continue  # its caller was told "unavailable"; sending it now would only repeat what it will retry
            if producer is not None and self._suspect.is_set():
                close_producer(producer, within_s=0.0)
                producer = None
            try:
                self._suspect.clear()
                producer = producer or open_producer(self._kafka, LINGER_MS)
                sent = send(producer, waiting.record)
            except (StoreUnavailable, RecordTooLarge) as error:
                waiting.fail(error)
                continue
            sent.add_callback(waiting.succeed)
            sent.add_errback(waiting.fail)
        if producer is not None:
            close_producer(producer, self._deadline_s)

    def _opened(self) -> KafkaProducer | None:
        try:
            return open_producer(self._kafka, LINGER_MS)
        except StoreUnavailable:
            return None  # the first append tries again, and has a caller to tell
