"""The server of the live page: on this computer alone, until it is stopped."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import uvicorn

from imageshelf.review.access import ADDRESS, Gate
from imageshelf.review.routes import Routes
from imageshelf.system.sentences import SentenceError
from imageshelf.system.signals import Stopped, stopping

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from imageshelf.review.session import Review
    from imageshelf.system.signals import Stop


class PortError(SentenceError):
    """A port cannot be used."""


MOST_PORTS = 65535
GRACE_S = 2  # for answers that are under way when the server is stopped


class ReviewServer(uvicorn.Server):
    """A server that tells its review as soon as it is asked to stop: nobody waits for news then."""

    def __init__(
        self, config: uvicorn.Config, review: Review, stop: Stop, begin: Callable[[], object]
    ) -> None:
        super().__init__(config)
        self.review, self.stop, self.begin = review, stop, begin

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen; by now a signal reaches this server, and one that came before counts."""
        await super().startup(sockets)
        try:
            self.stop.check()
        except Stopped:
            self.should_exit = True
        self.begin()

    async def on_tick(self, counter: int) -> bool:
        """Tell whether to end; called ten times a second."""
        return await super().on_tick(counter) or self.review.closing

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note a signal."""
        self.review.closing = True
        super().handle_exit(sig, frame)


def serve(review: Review, port: int, opened: Callable[[str], object]) -> None:
    """Serve a review until a signal stops it; `opened` gets the link to the page.

    Port 0 is any that is free. Raises PortError.
    """
    with _listening(port) as listening:
        gate = Gate(Routes(review).application(), listening.getsockname()[1])
        # Believing X-Forwarded-For from this computer, the default, has no use here.
        config = uvicorn.Config(
            gate, http="h11", ws="none", lifespan="off", loop="asyncio", log_level="critical",
            access_log=False, proxy_headers=False, server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )  # fmt: skip
        with stopping() as stop:  # the server passes its signal on when it has ended
            ReviewServer(config, review, stop, lambda: opened(gate.link)).run([listening])


def _listening(port: int) -> socket.socket:
    if port > MOST_PORTS:
        raise PortError(f"port {port} of {ADDRESS} cannot be used: ports end at {MOST_PORTS}")
    try:
        return socket.create_server((ADDRESS, port))
    except OSError as exc:
        raise PortError(f"port {port} of {ADDRESS} cannot be used: {exc.strerror}") from exc
