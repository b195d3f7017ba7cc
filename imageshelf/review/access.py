"""Who may ask: a browser on this computer that was handed the link, and the page's own scripts.

A page from anywhere else can make a browser send requests here, under any name that leads to this
computer. It is told by the headers Host, Origin and Sec-Fetch-Site, which no page can change. The
link works once, and is changed for a cookie that no script can read.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import cookie_parser
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    from starlette.types import ASGIApp, Receive, Scope, Send

ADDRESS = "127.0.0.1"
MOST_BYTES = {"/search": 64 << 20}  # that a request may bring
MOST_BYTES_ELSE = 16 << 20  # decisions about 300,000 groups
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
# The page itself asks for "/", so the cookie is sent although the link came from elsewhere.
ENTRY = (
    '<!doctype html><html lang="en"><title>imageshelf</title><link rel="icon" href="data:,">'
    '<meta http-equiv="refresh" content="0;url=/"><p><a href="/">Go on</a></p></html>'
)
NO_ENTRY = (
    "This page opens only by the link that imageshelf review printed, and the link works once. "
    "Go back to the window where it is open, or end imageshelf review and start it again.\n"
)


class Gate:
    """An application that hands to another one the requests that may be answered."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        self.host = f"{ADDRESS}:{port}"
        self.origin = f"http://{self.host}"
        self.cookie = f"imageshelf_{port}"  # a browser sends cookies to every port
        self.token, self._session = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._used = False

    @property
    def link(self) -> str:
        """The address that opens the page, once."""
        return f"{self.origin}/?token={self.token}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse, or hand on."""
        if scope["type"] != "http":
            raise RuntimeError(f"this server speaks HTTP alone, no {scope['type']}")

        async def send_guarded(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        most = MOST_BYTES.get(scope["path"], MOST_BYTES_ELSE)
        answer = self._refusal(scope, headers) or self._entered(scope, headers)
        length = headers.get("content-length", "0")
        if answer is None and not (length.isascii() and length.isdigit() and int(length) <= most):
            answer = PlainTextResponse(too_large(most), 413)
        await (answer or self.app)(scope, _limited(receive, most), send_guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> PlainTextResponse | None:
        """Return an answer to a request that a page from elsewhere made, or that is too long."""
        if headers.getlist("host") != [self.host]:
            return PlainTextResponse(f"This is {self.host}, and no other host.\n", 403)
        reading = scope["method"] in {"GET", "HEAD"}
        origins = headers.getlist("origin")
        if origins != [self.origin] and not (reading and not origins):
            return PlainTextResponse("This request comes from another page.\n", 403)
        entering = reading and scope["path"] == "/" and b"token=" in scope["query_string"]
        site = headers.get("sec-fetch-site", "none")
        if site not in {"same-origin", "none"} and not entering:
            return PlainTextResponse("This request comes from another page.\n", 403)
        return None

    def _entered(
        self, scope: Scope, headers: Headers
    ) -> HTMLResponse | PlainTextResponse | RedirectResponse | None:
        """Return an answer to the link, or to a request without the cookie."""
        token = QueryParams(scope["query_string"]).get("token", "")
        cookies = cookie_parser(headers.get("cookie", ""))
        known = secrets.compare_digest(
            cookies.get(self.cookie, "").encode(), self._session.encode()
        )
        if scope["path"] == "/" and token and scope["method"] == "GET":
            if known:
                return RedirectResponse("/", 303)
            if not self._used and secrets.compare_digest(token.encode(), self.token.encode()):
                self._used = True
                answer = HTMLResponse(ENTRY)
                answer.set_cookie(self.cookie, self._session, httponly=True, samesite="strict")
                return answer
        return None if known else PlainTextResponse(NO_ENTRY, 403)


def too_large(most: int) -> str:
    """Return the sentence that refuses a request."""
    return f"At most {most >> 20} MB.\n"


def _limited(receive: Receive, most: int) -> Receive:
    """Return a function that receives a body, and no more than so many bytes of it."""
    left = most

    async def limited() -> MutableMapping[str, Any]:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, too_large(most))
        return message

    return limited
