"""Messages arrive whole and in order, however the socket cuts them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from headrace.serve.frames import Frames

MESSAGES = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 255), st.binary(max_size=300)), max_size=8)


class Sent:
    """The one thing of a transport that sending uses."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data

    def close(self) -> None:
        pass


def on_the_wire(messages: list[tuple[int, int, bytes]]) -> bytes:
    sent: Any = Sent()
    frames = Frames(lambda *_: None, lambda: None)
    frames.connection_made(sent)
    for message in messages:
        frames.send(*message)
    return sent.data


@given(messages=MESSAGES, cuts=st.lists(st.integers(0, 3000), max_size=12))
def test_any_cutting_gives_the_same_messages(messages: list[tuple[int, int, bytes]], cuts: list[int]) -> None:
    data, heard = on_the_wire(messages), []
    frames = Frames(lambda *frame: heard.append(frame), lambda: None)
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in pairwise(edges):
        frames.data_received(data[start:end])
    assert heard == messages


def test_a_frame_is_its_length_number_and_kind_little_endian_and_then_the_message() -> None:
    assert on_the_wire([(258, 3, b"ab")]) == bytes([2, 0, 0, 0, 2, 1, 0, 0, 3]) + b"ab"


def test_what_is_sent_to_an_end_that_is_gone_is_lost_and_no_error() -> None:
    ended = []
    frames = Frames(lambda *_: None, lambda: ended.append(True))
    sent: Any = Sent()
    frames.connection_made(sent)
    frames.connection_lost(None)
    frames.send(1, 0, b"x")
    frames.close()
    assert (sent.data, ended) == (b"", [True])
