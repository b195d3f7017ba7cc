"""What the page asks the server for. An address names groups by number, and never a path."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from imageshelf.report import page, panels
from imageshelf.review import work
from imageshelf.review.session import OutdatedError
from imageshelf.review.thumbnails import opened
from imageshelf.system.files import UnreadableImage, unreadable
from imageshelf.system.sentences import SentenceError
from imageshelf.system.words import shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from starlette.requests import Request

    from imageshelf.review.session import Review

PORTION = 120  # thumbnails at a time; the page draws so many cards of a group
WAIT_S, POLL_S = 25.0, 0.05  # a request for news is answered when there are any, or in the end
BLOCK_BYTES = 1 << 18
NO_SENSE = "This request makes no sense to this page.\n"


def refusing(handler: Any) -> Any:
    """Decorate a handler so that what cannot be done is answered by a sentence."""

    @wraps(handler)
    async def answered(self: Routes, request: Request) -> Response:
        try:
            return await handler(self, request)  # type: ignore[no-any-return]
        except UnreadableImage as exc:
            return PlainTextResponse(f"This file {shown(exc.reason)}.", 404)
        except SentenceError as exc:
            return PlainTextResponse(shown(str(exc)), 409)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            return PlainTextResponse(NO_SENSE, 400)
        except OSError as exc:
            return PlainTextResponse(f"This {unreadable(exc).reason}.", 404)

    return answered


class Routes:
    """The handlers of one review."""

    def __init__(self, review: Review) -> None:
        self.review = review

    def application(self) -> Starlette:
        """Return all routes as an application."""
        asked = {
            "/": self.page, "/page.js": self.script, "/page.css": self.style,
            "/state": self.state, "/history": self.history, "/purge/{run}": self.outlook,
            "/thumbnails/{revision}/{ref}": self.thumbnails,
            "/picture/{revision}/{ref}/{at}": self.picture,
        }  # fmt: skip
        told = {
            "/decide": self.decide, "/not-duplicates": self.not_duplicates, "/apply": self.apply,
            "/undo": self.undo, "/purge": self.purge, "/look": self.look, "/index": self.index,
            "/stop": self.stop, "/search": self.search,
        }  # fmt: skip
        return Starlette(
            routes=[
                *(Route(path, handler, methods=["GET"]) for path, handler in asked.items()),
                *(Route(path, handler, methods=["POST"]) for path, handler in told.items()),
            ]
        )

    # -- asked ----------------------------------------------------------------------------------

    async def page(self, _: Request) -> Response:
        """Return the page, with all groups and decisions."""
        text = await run_in_threadpool(self._page)
        return Response(text, media_type="text/html")

    def _page(self) -> bytes:
        review = self.review
        revision, groups, marks = review.revision, review.groups, review.marks()
        sheet, data = review.shown()
        live = {
            "revision": revision,
            "choices": [(key, m) for key, m in marks.items() if groups and key in groups.by_key],
            "news": self._news(len(review.decisions.log) if review.decisions else 0),
        }
        return b"".join(
            text.encode("utf-8", "backslashreplace")
            for text in page.rendered(sheet, (), live, data)
        )

    async def script(self, _: Request) -> Response:
        """Return the page's script."""
        return Response(panels.script(panels.LIVE_SCRIPTS), media_type="text/javascript")

    async def style(self, _: Request) -> Response:
        """Return the page's style."""
        return Response(panels.part("page.css"), media_type="text/css")

    @refusing
    async def state(self, request: Request) -> Response:
        """Return what is new since the page asked last; wait for it."""
        import asyncio

        seen, tick, revision = (int(request.query_params.get(n, -1)) for n in SINCE)
        stale = request.query_params.get("stale") == "true"
        for _ in range(round(WAIT_S / POLL_S)):
            news = self._news(seen)
            if news["decided"] or [news["tick"], news["revision"], news["stale"]] != [
                tick, revision, stale,
            ] or self.review.closing or await request.is_disconnected():  # fmt: skip
                break
            await asyncio.sleep(POLL_S)
        return JSONResponse(news)

    def _news(self, seen: int) -> dict[str, Any]:
        review = self.review
        review.marks()
        decisions, job, outcome = review.decisions, review.jobs.job, review.jobs.outcome
        log = decisions.log if decisions else []
        return {
            "seen": len(log),
            "decided": log[max(seen, 0) :] if seen >= 0 else [],
            "tick": review.jobs.tick,
            "revision": review.revision,
            "stale": review.is_stale(),
            "kept": decisions.problem if decisions else "",
            "job": job and {"stage": job.stage, "share": job.share},
            "outcome": outcome
            and {
                **outcome._asdict(),
                "sentence": shown(outcome.sentence),
                "details": list(map(shown, outcome.details)),
            },
        }

    @refusing
    async def thumbnails(self, request: Request) -> Response:
        """Return the thumbnails of a part of a group."""
        params = request.path_params
        group = self.review.group(int(params["revision"]), params["ref"])
        start = int(request.query_params.get("start", 0))
        if start < 0:
            raise ValueError(start)
        cards = group.cards[start : start + PORTION]
        made = await run_in_threadpool(self.review.thumbnails.of, cards)
        return JSONResponse([page.picture(thumbnail) for thumbnail in made])

    @refusing
    async def picture(self, request: Request) -> Response:
        """Return a picture in full, or a large thumbnail of one that browsers do not show."""
        params = request.path_params
        card = self.review.card(int(params["revision"]), params["ref"], int(params["at"]))
        file = await run_in_threadpool(opened, card.path)
        if file is not None:
            return StreamingResponse(_blocks(file[1]), media_type=file[0])
        made = await run_in_threadpool(self.review.thumbnails.large, card)
        if not made.data:
            raise UnreadableImage(made.note)
        return Response(made.data, media_type=made.mime)

    @refusing
    async def history(self, _: Request) -> Response:
        """Return the clean-ups of the shelf, the last one first."""
        past = await run_in_threadpool(self.review.past)
        return JSONResponse([
            {
                "run": run.run, "started": run.started_ns // 10**6, "action": shown(run.action),
                "state": run.state, "done": run.done, "undone": run.undone, "purged": run.purged,
                "ours": run.ours,
                "unfinished": [shown(f"{one.path} is now {one.place}") for one in run.unfinished],
                "folder": shown(run.folder),
            }
            for run in reversed(past)
        ])  # fmt: skip

    @refusing
    async def outlook(self, request: Request) -> Response:
        """Return what a purge would free."""
        purged = await run_in_threadpool(self.review.purge_outlook, int(request.path_params["run"]))
        left = [shown(f"{path} {reason}") for path, reason in purged.left[: work.TOLD]]
        return JSONResponse({
            "sentence": work.purge_sentence(purged, "would go for good"),
            "files": len(purged.freed), "left": left,
        })  # fmt: skip

    # -- told -----------------------------------------------------------------------------------

    @refusing
    async def decide(self, request: Request) -> Response:
        """Keep decisions."""
        told = await request.json()
        changes = [(str(key), str(marks)) for key, marks in told["changes"]]
        await run_in_threadpool(self.review.decide, int(told["revision"]), changes)
        return Response(status_code=204)

    @refusing
    async def not_duplicates(self, request: Request) -> Response:
        """Remember that a group is none, or forget that."""
        told = await request.json()
        revision, key, forget = int(told["revision"]), str(told["group"]), told["forget"] is True
        await run_in_threadpool(self.review.tell_apart, revision, key, forget=forget)
        return Response(status_code=204)

    @refusing
    async def apply(self, request: Request) -> Response:
        """Start the clean-up."""
        told = await request.json()
        if told["action"] not in work.APPLIED:
            raise ValueError(told["action"])
        self.review.apply(
            int(told["revision"]), told["action"],
            take_over=told["take_over"] is True, pictures=int(told["pictures"]),
        )  # fmt: skip
        return Response(status_code=202)

    @refusing
    async def undo(self, request: Request) -> Response:
        """Start to take a clean-up back."""
        self.review.undo(int((await request.json())["run"]))
        return Response(status_code=202)

    @refusing
    async def purge(self, request: Request) -> Response:
        """Start to free the space of a clean-up, if it is of so many files."""
        told = await request.json()
        run, files = int(told["run"]), int(told["files"])
        outlook = await run_in_threadpool(self.review.purge_outlook, run)
        if len(outlook.freed) != files:
            raise OutdatedError("What would go has changed meanwhile: look again.")
        self.review.purge(run)
        return Response(status_code=202)

    @refusing
    async def look(self, _: Request) -> Response:
        """Start to form the groups anew."""
        self.review.look()
        return Response(status_code=202)

    @refusing
    async def index(self, _: Request) -> Response:
        """Start an index run over all folders that the shelf knows."""
        self.review.index()
        return Response(status_code=202)

    async def stop(self, _: Request) -> Response:
        """Stop what is being done."""
        self.review.jobs.stop()
        return Response(status_code=202)

    @refusing
    async def search(self, request: Request) -> Response:
        """Return what the shelf has of the picture that the request brings."""
        picture = await request.body()
        name, group = await run_in_threadpool(self.review.queries.ask, picture)
        return JSONResponse({"ref": name, **page.group_data(group, linked=False)})


SINCE = ("seen", "tick", "revision")


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK_BYTES):
            yield block
