"""The one frame of every HTTP door: it lets requests in, and answers errors.

Once for all doors: HTTPS and method, finding an error's line in the door's table, and recording for
operators: refusals in ops.refusals, faults in the log.
"""

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler as AiohttpHandler

from gateway.errors.request import HttpsRequired
from gateway.logging import log_fault
from gateway.services import Services
from gateway.web.addresses import came_by_https
from gateway.web.door import Door, Exchange, Handler, Route
from gateway.web.rendering import line_for
from gateway.web.unserved import DatabaseAway, InternalFault, MethodNotAllowed, NoSuchResource

_PLAIN = "plain"
"""The listener's name in ops.refusals when a request is refused because it came by plain HTTP."""


def add_routes(app: web.Application, services: Services, door: Door) -> None:
    """Adds a door's routes to an application."""
    for route in door.routes:
        app.router.add_route(hdrs.METH_ANY, route.path, _serving(services, door, route))
    app.router.add_routes(door.documents)


def add_refusals(app: web.Application, services: Services, door: Door) -> None:
    """Lets an application refuse all routes of a door: HTTPS is needed (for plain HTTP)."""
    for route in door.routes:
        app.router.add_route(hdrs.METH_ANY, route.path, refusing(services, door, route))


def refusing(services: Services, door: Door, route: Route) -> AiohttpHandler:
    """Makes a handler that reads nothing and answers that HTTPS is needed (E6)."""

    async def refuse(request: web.Request) -> web.StreamResponse:
        exchange = Exchange(services, door, route, request)
        return exchange.frame(_refused(exchange, HttpsRequired(), _PLAIN))

    return refuse


def _serving(services: Services, door: Door, route: Route) -> AiohttpHandler:
    async def serve(request: web.Request) -> web.StreamResponse:
        """Answers every request in the door's envelope; raises nothing."""
        exchange = Exchange(services, door, route, request)
        response: web.StreamResponse
        try:
            response = await _handler(exchange)(exchange)
        except Exception as error:
            response = _refused(exchange, error, door.name)
        return exchange.frame(response)

    return serve


def _handler(exchange: Exchange) -> Handler:
    """The handler of a request; raises HttpsRequired, NoSuchResource or MethodNotAllowed."""
    request, handlers = exchange.request, exchange.route.handlers
    if not came_by_https(request, exchange.services.settings):
        raise HttpsRequired
    if not handlers:
        raise NoSuchResource
    if request.method not in handlers:
        raise MethodNotAllowed
    return handlers[request.method]


def _refused(exchange: Exchange, error: Exception, listener: str) -> web.Response:
    """Answers an error: a refusal if the door's table has a line for it, else a fault of ours."""
    envelope = exchange.route.envelope
    line = line_for(envelope.table, error)
    if line is None:
        away = log_fault("door", error, door=exchange.door.name)
        fault = DatabaseAway() if away else InternalFault()
        return envelope.refusal(envelope.table[type(fault)], fault, exchange)
    response = envelope.refusal(line, error, exchange)
    if isinstance(error, MethodNotAllowed) and response.status == 405:
        response.headers["Allow"] = ", ".join(exchange.route.handlers)
    exchange.note_refusal(error, listener, response.status, envelope.operator_text(line, error))
    return response
