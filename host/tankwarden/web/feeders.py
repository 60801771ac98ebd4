"""/api/feeders/: who they are, what they fed, and, for whoever has this machine's token, changing them and feeding.

Until there are accounts, what moves or changes anything wants both: to come from this very machine, and the token that
only its owner can read. A token in a header also keeps pages of other sites out, since a browser adds none by itself.
"""

import hmac
import ipaddress
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import bottle

from tankwarden.errors import (
    CommandError,
    NotKnownError,
    NotNowError,
    RefusedError,
    StoreError,
    TakenError,
    TankwardenError,
)
from tankwarden.web.api import Sources
from tankwarden.web.responses import json_body, json_request, problem, send

ID = "<feeder:re:[0-9]{1,9}>"
Handler = Callable[..., bytes]
# The first that fits: a leaf before its branch.
_STATUSES = (
    (RefusedError, HTTPStatus.BAD_REQUEST),
    (TakenError, HTTPStatus.CONFLICT),
    (NotNowError, HTTPStatus.SERVICE_UNAVAILABLE),
    (NotKnownError, HTTPStatus.NOT_FOUND),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (CommandError, HTTPStatus.CONFLICT),
)


class FeederApi:
    """The handlers; each parses, calls and renders."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def routes(self) -> tuple[tuple[str, str, Handler], ...]:
        """(method, path, handler)."""
        return (
            ("GET", "/api/feeders/", self.all),
            ("POST", "/api/feeders/", self.add),
            ("GET", f"/api/feeders/{ID}/", self.one),
            ("PUT", f"/api/feeders/{ID}/", self.change),
            ("DELETE", f"/api/feeders/{ID}/", self.delete),
            ("POST", f"/api/feeders/{ID}/feed/", self.feed),
            ("POST", f"/api/feeders/{ID}/test/", self.test),
            ("GET", f"/api/feeders/{ID}/history/<period>/", self.history),
        )

    def all(self) -> bytes:
        return send(json_body({"feeders": self._sources.status()["feeders"]}))

    def one(self, feeder: str) -> bytes:
        for row in self._sources.status()["feeders"]:
            if row["id"] == int(feeder):
                return send(json_body(row))
        raise problem(HTTPStatus.NOT_FOUND, f"There is no feeder {feeder}: /api/feeders/ lists them")

    def history(self, feeder: str, period: str) -> bytes:
        try:
            return send(json_body(self._sources.feedings(int(feeder), period)))
        except TankwardenError as error:
            raise as_problem(error) from error

    def add(self) -> bytes:
        only_here(self._sources.token)
        return self._command({"cmd": "feeder-add", "feeder": json_request()}, "feeder", HTTPStatus.CREATED)

    def change(self, feeder: str) -> bytes:
        only_here(self._sources.token)
        return self._command({"cmd": "feeder-change", "id": int(feeder), "feeder": json_request()}, "feeder")

    def delete(self, feeder: str) -> bytes:
        only_here(self._sources.token)
        return self._command({"cmd": "feeder-delete", "id": int(feeder)})

    def feed(self, feeder: str) -> bytes:
        """202: it is asked for; the history tells what came of it."""
        only_here(self._sources.token)
        wish = json_request(empty=True)
        for key in wish:
            if key != "portion":
                raise problem(HTTPStatus.BAD_REQUEST, f"{key} is not known: a feeding takes portion, in g", field=key)
        request = {"cmd": "feed", "feeder": int(feeder), "portion": wish.get("portion")}
        return self._command(request, "feeding", HTTPStatus.ACCEPTED)

    def test(self, feeder: str) -> bytes:
        only_here(self._sources.token)
        json_request(empty=True)
        return self._command({"cmd": "feeder-test", "feeder": int(feeder)})

    def _command(
        self, request: Mapping[str, Any], part: str | None = None, status: HTTPStatus = HTTPStatus.OK
    ) -> bytes:
        """part: of the answer, what is given back; None = the whole of it."""
        try:
            answer = self._sources.command(request)
        except TankwardenError as error:
            raise as_problem(error) from error
        bottle.response.status = status.value
        bottle.response.content_type = "application/json"
        bottle.response.set_header("Cache-Control", "no-store")
        return json_body(answer if part is None else answer[part]).data


def only_here(token: str, what: str = "Feeders are changed and fed", command: str = "tankwarden feed") -> None:
    """bottle.HTTPResponse 403 or 401 unless the request comes from this machine and carries its token."""
    request = bottle.request
    try:
        address = ipaddress.ip_address(request.environ.get("REMOTE_ADDR", ""))
    except ValueError:
        address = None
    if address is None or not _loopback(address):
        raise problem(
            HTTPStatus.FORBIDDEN,
            f"{what} from the machine that runs Tankwarden alone, until there are accounts: there, "
            f"use this API with the token, or the command {command}",
        )
    scheme, _, given = request.get_header("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        refusal = problem(
            HTTPStatus.UNAUTHORIZED,
            "Send the header Authorization: Bearer TOKEN, with the token in the file api-token of the data folder",
        )
        refusal.set_header("WWW-Authenticate", "Bearer")
        raise refusal


def _loopback(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def as_problem(error: TankwardenError) -> bottle.HTTPResponse:
    """To be raised: what was refused, with the status that its kind has."""
    field = error.field or None if isinstance(error, RefusedError) else None
    for kind, status in _STATUSES:
        if isinstance(error, kind):
            return problem(status, str(error), field=field)
    raise error
