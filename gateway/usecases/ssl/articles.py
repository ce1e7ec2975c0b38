"""The articles that operators offer as SSL certificates."""

import re
from collections.abc import Sequence

from gateway.errors import OperatorMistake
from gateway.rules.money.prices import Article
from gateway.rules.ssl.orders import TYPES, item_of
from gateway.store.money import prices
from gateway.usecases.work import Work

BUILT_IN_BRAND = "LOCAL"
"""The brand under which certificates of the local CA are sold."""

_BRAND = re.compile(r"[A-Z][A-Z0-9_]{0,31}")


async def articles_of(
    work: Work,
    brand: str,
    kind: str,
    name_types: Sequence[str],
    *,
    new_brand: bool = False,
) -> list[Article]:
    """Gives the articles of a brand: a name for 12 months, by its type "fqdn" or "wildcard".

    A brand that has no price yet is taken for a typing error, unless `new_brand` is set. Raises
    OperatorMistake.
    """
    if not _BRAND.fullmatch(brand):
        raise OperatorMistake("a brand is up to 32 capital letters, digits and '_'")
    on_offer = {item.partition("/")[0] for item in await prices.items(work.connection, "ssl")}
    known = {BUILT_IN_BRAND, *on_offer}
    if brand not in known and not new_brand:
        raise OperatorMistake(
            f"there is no brand {brand} among {', '.join(sorted(known))}; say so if it is new"
        )
    if kind not in TYPES:
        raise OperatorMistake(f"a type is one of {', '.join(TYPES)}")
    return [Article("ssl", item_of(brand, kind), name_type) for name_type in name_types]
