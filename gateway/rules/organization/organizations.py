"""The details of organizations, and which of them are in certificates."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from gateway.errors.organization import InvalidDetail
from gateway.rules.mail_addresses import is_mail_address

_ISO_3166 = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
    ZW
    """
COUNTRIES = frozenset(_ISO_3166.split())
"""ISO 3166-1 alpha-2."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of a certificate (BR §7.1.2.7.4). "" = not given."""

    organization: str
    locality: str
    state_or_province: str
    country: str

    def document(self) -> dict[str, str]:
        """The form in which the intent to sign stores it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class OrganizationDetails:
    """An organization as its reseller describes it, or as it was validated. "" = not given."""

    name: str
    country: str
    locality: str = ""
    state_or_province: str = ""
    street: str = ""
    postal_code: str = ""
    applicant_name: str = ""
    applicant_email: str = ""
    applicant_phone: str = ""
    identifiers: Mapping[str, str] = field(default_factory=dict)

    @property
    def subject(self) -> Subject:
        return Subject(self.name, self.locality, self.state_or_province, self.country)

    def document(self) -> dict[str, Any]:
        """The form in which a pre-validation stores it."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(**{each.name: document[each.name] for each in fields(cls)})


def checked(details: OrganizationDetails) -> OrganizationDetails:
    """Gives the details as stored: Unicode NFC, no space at the ends. Raises InvalidDetail."""
    texts = {
        name: _text(name, getattr(details, name), maximum) for name, maximum in _MAXIMA.items()
    }
    if not texts["name"]:
        raise InvalidDetail("name", "the name of the organization is empty")
    if not texts["locality"] and not texts["state_or_province"]:
        raise InvalidDetail("locality", "a locality, a state or province, or both must be given")
    if texts["applicant_email"] and not is_mail_address(texts["applicant_email"]):
        raise InvalidDetail("applicant_email", "the applicant's e-mail is not a mail address")
    if texts["applicant_phone"] and not _PHONE.fullmatch(texts["applicant_phone"]):
        raise InvalidDetail(
            "applicant_phone", "a phone number has 5 to 20 digits, spaces, '-', '(', ')', or '+'"
        )
    return OrganizationDetails(
        **texts,
        country=_country(details.country),
        identifiers={
            kind: _identifier(kind, value)
            for kind, value in sorted(details.identifiers.items())
            if value
        },
    )


_MAXIMA = {
    # Upper bounds of X.520 for the values in certificates (RFC 5280 Appendix A.1).
    "name": 64,
    "locality": 128,
    "state_or_province": 128,
    "street": 128,
    "postal_code": 40,
    "applicant_name": 128,
    "applicant_email": 254,
    "applicant_phone": 32,
}
_PHONE = re.compile(r"\+?[0-9](?:[ ()-]*[0-9]){4,19}")


def _text(name: str, value: str, maximum: int) -> str:
    shown = name.replace("_", " ")
    text = unicodedata.normalize("NFC", value).strip(" ")
    if not text.isprintable():
        raise InvalidDetail(name, f"the {shown} holds control or invisible characters")
    if len(text) > maximum:
        raise InvalidDetail(name, f"the {shown} has more than {maximum} characters")
    if text and not any(character.isalnum() for character in text):
        # BR §7.1.4.2: no metadata such as ".", "-" or " " that say "absent".
        raise InvalidDetail(name, f"the {shown} holds no letter and no digit")
    return text


def _country(value: str) -> str:
    if value not in COUNTRIES:
        raise InvalidDetail(
            "country", "the country is not a two-letter code of ISO 3166-1 in capitals, like DE"
        )
    return value


def _is_lei(text: str) -> bool:
    """Whether the text is an LEI (ISO 17442): 18 characters and two check digits.

    The digits are those of ISO 7064, mod 97-10.
    """
    if not re.fullmatch("[A-Z0-9]{18}[0-9]{2}", text):
        return False
    return int("".join(str(int(character, 36)) for character in text)) % 97 == 1


IDENTIFIERS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "registrationNumber": (lambda text: len(text) <= 64, "has more than 64 characters"),
    "vatNumber": (
        lambda text: re.fullmatch("[A-Z]{2}[A-Za-z0-9+*.]{2,13}", text) is not None,
        "is not a VAT number like DE123456789",
    ),
    "lei": (_is_lei, "is not a Legal Entity Identifier of 20 characters (ISO 17442)"),
    "duns": (lambda text: re.fullmatch("[0-9]{9}", text) is not None, "is not nine digits"),
}
"""The kinds of identifiers: the check of each, and the text when it fails."""


def _identifier(kind: str, value: str) -> str:
    if kind not in IDENTIFIERS:
        raise InvalidDetail(
            "identifiers", f"{kind!r} is no kind of identifier; there are {', '.join(IDENTIFIERS)}"
        )
    is_good, otherwise = IDENTIFIERS[kind]
    text = unicodedata.normalize("NFC", value).strip(" ")
    if not text or not text.isprintable():
        raise InvalidDetail(kind, f"the {kind} is empty or holds control characters")
    if not is_good(text):
        raise InvalidDetail(kind, f"the {kind} {otherwise}")
    return text
