"""A purchase, as far as any rule about it needs to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Purchased:
    """`kind` is that of reseller.purchase; `known` is what the policy of its family looks at."""

    kind: str
    cost: Decimal
    purchased_at: datetime
    known: Mapping[str, Any]
