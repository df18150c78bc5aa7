"""One request to one Odoo and its answer: timed, told to who listens, and no secret in what it says when it fails."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.errors import IntegrationError
from integrations.network.http import HttpDoor, HttpReply
from integrations.odoo.wire.classify import Asked
from integrations.odoo.wire.target import CallInfo, CallRecord
from integrations.odoo.wire.transports.base import WireRequest

logger = logging.getLogger(__name__)


class Line:
    """The line to one Odoo through the door; `before_call` and `on_call` as in OdooClient. May be shared by threads."""

    def __init__(
        self,
        door: HttpDoor,
        url: str,
        *,
        secret: str,
        before_call: Callable[[CallInfo], None] | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
    ) -> None:
        self.clock_offset: timedelta | None = None
        self._door = door
        self._url = url
        self._secret = secret
        self._before_call = before_call
        self._on_call = on_call

    def exchange(
        self,
        request: WireRequest,
        asked: Asked,
        read: Callable[[HttpReply], Any],
        *,
        timeout: float | None = None,
        rows: int | None = None,
        remote_id: int | None = None,
    ) -> Any:
        """Send the request and return what `read` makes of the reply. Raises any IntegrationError, as OdooClient says.

        `timeout`: seconds, else the door's for reads or writes. `rows`: how many are written, else those that come back
        are counted. `remote_id`: the one record it is about. Both are only told to `on_call`.
        """
        if timeout is None:
            timeout = self._door.write_timeout if asked.write else self._door.read_timeout
        bytes_out = len(request.content or b"")
        if self._before_call is not None:
            self._before_call(CallInfo(asked.model, asked.method, asked.write, timeout, bytes_out))
        started = time.monotonic()
        reply: HttpReply | None = None
        error: BaseException | None = None
        try:
            reply = self._door.send(
                request.method,
                self._url + request.path,
                headers=request.headers,
                content=request.content,
                timeout=timeout,
                write=asked.write,
            )
            self._note_clock(reply)
            value = read(reply)
            if rows is None and isinstance(value, list):
                rows = len(value)
            return value
        except IntegrationError as failure:
            error = self._without_secret(failure)
            raise error from None
        except BaseException as failure:
            error = failure
            raise
        finally:
            self._tell(asked, started, rows, error, bytes_out, reply, remote_id)

    def _note_clock(self, reply: HttpReply) -> None:
        if reply.date is not None:
            # The header has whole seconds, rounded down: the truth lies half a second later on average.
            self.clock_offset = reply.date + timedelta(milliseconds=500) - datetime.now(UTC)

    def _without_secret(self, error: IntegrationError) -> IntegrationError:
        secret = self._secret
        if secret and len(secret) > 3:
            error.message = error.message.replace(secret, "***")
            error.detail = error.detail.replace(secret, "***")
            error.args = (error.message,)
        return error

    def _tell(
        self,
        asked: Asked,
        started: float,
        rows: int | None,
        error: BaseException | None,
        bytes_out: int,
        reply: HttpReply | None,
        remote_id: int | None,
    ) -> None:
        if self._on_call is None:
            return
        record = CallRecord(
            model=asked.model,
            method=asked.method,
            duration_s=time.monotonic() - started,
            ok=error is None,
            error_class=None if error is None else type(error).__name__,
            rows=rows,
            bytes_out=bytes_out,
            bytes_in=len(reply.body) if reply is not None else 0,
            retry_after=getattr(error, "retry_after", None),
            remote_id=remote_id,
        )
        try:
            self._on_call(record)
        except Exception:
            # A failing listener must not turn a done write into a failed one.
            logger.exception("odoo.on_call_failed")
