"""A bad network between a browser and the site: slow both ways, late, and breaking off where a story says so."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CHUNK = 2048
#: Nothing of a story takes longer.
SECONDS = 90


class SlowNetwork:
    """Passes connections on to a port; quick until ``slow`` is called. ``sent`` counts bytes from the browser."""

    def __init__(self, port: int) -> None:
        self.target, self.port = port, 0
        self.rate, self.latency = 0.0, 0.0
        self.breaks: list[int] = []
        self.sent = self.broken = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._end = [0.0, 0.0]  # until when each direction is taken

    def slow(self, *, rate: int, latency: float, breaks: tuple[int, ...] = ()) -> None:
        """From now on ``rate`` bytes a second each way, ``latency`` seconds there and back; every connection is reset
        whenever so many bytes were sent."""
        self.sent, self.breaks = 0, list(breaks)
        self.rate, self.latency = rate, latency

    def quick(self) -> None:
        self.rate = self.latency = 0

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._open |= both
        try:
            await asyncio.gather(
                self._pass(reader, far_writer, is_up=True), self._pass(far_reader, writer, is_up=False)
            )
        finally:
            self._open -= both
            for one in both:
                one.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_up: bool) -> None:
        loop, was_quiet = asyncio.get_running_loop(), 0.0
        try:
            while chunk := await reader.read(CHUNK):
                now = loop.time()
                if self.latency and now - was_quiet > self.latency / 4:
                    await asyncio.sleep(self.latency / 2)
                if self.rate:
                    start = max(self._end[is_up], loop.time())
                    self._end[is_up] = start + len(chunk) / self.rate
                    await asyncio.sleep(self._end[is_up] - loop.time())
                was_quiet = loop.time()
                if is_up:
                    self.sent += len(chunk)
                    if self.breaks and self.sent >= self.breaks[0]:
                        self._break()
                        return
                writer.write(chunk)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    def _break(self) -> None:
        self.breaks.pop(0)
        self.broken += 1
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=4 * CHUNK)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await asyncio.wait_for(stop.wait(), SECONDS)
        server.close()
        while self._open:  # each end that closes lets its other end go
            for writer in set(self._open):
                writer.transport.abort()
            await asyncio.sleep(0.05)


@contextmanager
def slow_network(port: int) -> Iterator[SlowNetwork]:
    """A network in front of a port, for as long as a story lasts."""
    network, ready, loop = SlowNetwork(port), threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(network._serve(ready, stop)))
    thread.start()
    ready.wait(5)
    try:
        yield network
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        loop.close()
