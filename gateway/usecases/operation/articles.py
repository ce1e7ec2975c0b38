"""The articles of all families, as operators name them."""

from gateway.errors import OperatorMistake
from gateway.rules.money.prices import Article
from gateway.rules.sitelock.licences import article_of
from gateway.usecases.money.prices import articles_of_server
from gateway.usecases.ssl.articles import articles_of
from gateway.usecases.work import Work

NAME_TYPES = ("fqdn", "wildcard")
_MOST_DIGITS = 9


async def article_called(
    work: Work, family: str, item: str, variant: str, *, new_brand: bool = False
) -> Article:
    """Gives the article of that family, item and variant; raises OperatorMistake.

    A server with a name type; a SiteLock product with days; BRAND/TYPE with a name type.
    """
    if family == "sitelock":
        number, days = _number(item, "product"), _number(variant, "number of days")
        return article_of(number, days)
    if variant not in NAME_TYPES:
        raise OperatorMistake("a name type is fqdn or wildcard")
    if family == "acme":
        [article] = await articles_of_server(work, item, [variant])
        return article
    brand, _, kind = item.partition("/")
    [article] = await articles_of(work, brand, kind, [variant], new_brand=new_brand)
    return article


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise OperatorMistake(f"{text!r} is no {what}")
    return int(text)
