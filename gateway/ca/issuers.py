"""The issuers of a process. A new kind is a file or folder beside this one, and a line here."""

from collections.abc import Iterable, Iterator, Sequence

from gateway.ca.issuer import Immediate, Issuer, Kind
from gateway.ca.local.kind import LOCAL
from gateway.config import Settings
from gateway.errors import ConfigurationError, OperatorMistake
from gateway.errors.ca import IssuerMissing

KINDS: dict[str, Kind] = {kind.name: kind for kind in (LOCAL,)}


class Issuers:
    """Registry of a process's issuers; a server, and the intent to sign, name one of them."""

    def __init__(self, issuers: Iterable[Issuer] = ()) -> None:
        self._by_name: dict[str, Issuer] = {}
        self._asked: dict[str, Issuer] = {}
        self._immediate: dict[str, Immediate] = {}
        for issuer in issuers:
            self._by_name[issuer.name] = issuer
            self.put_before(issuer)

    def __iter__(self) -> Iterator[Issuer]:
        """The issuers themselves, for their optional capabilities."""
        return iter(list(self._by_name.values()))

    def find(self, name: str) -> Issuer | None:
        """The issuer itself, for its optional capabilities; None = there is none of that name."""
        return self._by_name.get(name)

    def named(self, name: str) -> Issuer:
        """The issuer to ask for a certificate of that name. Raises IssuerMissing."""
        asked = self._asked.get(name)
        if asked is None:
            raise IssuerMissing([name])
        return asked

    def of(self, names: Sequence[str]) -> Issuer:
        """The issuer to ask, where `names` is an order of preference: the first that exists.

        Raises IssuerMissing.
        """
        for name in names:
            asked = self._asked.get(name)
            if asked is not None:
                return asked
        raise IssuerMissing(names)

    def immediate(self, name: str) -> Immediate | None:
        """The issuer of that name if it signs at once; None = it needs time, or is missing."""
        return self._immediate.get(name)  # isinstance would take longer than a look-up

    def put_before(self, front: Issuer) -> None:
        """Lets `front` be asked for certificates instead of the issuer of the same name."""
        self._asked[front.name] = front
        self._immediate.pop(front.name, None)
        if isinstance(front, Immediate):
            self._immediate[front.name] = front


def names_in(settings: Settings) -> dict[str, Kind]:
    """The names of issuers in the settings, with their kinds. Raises ConfigurationError."""
    found: dict[str, Kind] = {}
    for kind in KINDS.values():
        for name in kind.names(settings):
            if name in found:
                raise ConfigurationError(f"two issuers are named {name!r}: rename one of them")
            found[name] = kind
    return found


def choose(settings: Settings, wanted: Sequence[str] | None) -> list[str]:
    """Names of issuers in the operator's order; `wanted` None = the first of the settings.

    Raises OperatorMistake for one that the settings do not name, or when they name none.
    """
    known = names_in(settings)
    if wanted is None:
        wanted = list(known)[:1] or [""]
    for name in wanted:
        if name not in known:
            raise OperatorMistake(
                f"there is no issuer {name!r}; the settings have {', '.join(known) or 'none'}"
            )
    return list(dict.fromkeys(wanted))


async def open_issuers(settings: Settings) -> Issuers:
    """Opens the issuers of the settings; a local CA is made on first use.

    Raises ConfigurationError.
    """
    return Issuers([await kind.open(settings, name) for name, kind in names_in(settings).items()])
