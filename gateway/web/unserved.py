"""Why an HTTP request cannot be served; each door renders it in its own envelope."""


class Unserved(Exception):
    """Base of these errors. They are not domain errors: no use case has seen the request."""


class MethodNotAllowed(Unserved):
    """The resource does not have this method."""


class NoSuchResource(Unserved):
    """The path leads nowhere."""


class WrongMediaType(Unserved):
    """The body is of another type than the resource takes."""


class BodyTooLarge(Unserved):
    """More bytes than the resource takes, announced or sent, or a form of too many fields."""


class BodyTooSlow(Unserved):
    """The body was not complete in time."""


class BodyBroken(Unserved):
    """The client went away, or its transfer coding makes no sense."""


class DatabaseAway(Unserved):
    """The database does not answer now; the same request may succeed later."""


class InternalFault(Unserved):
    """Something failed that was not foreseen."""
