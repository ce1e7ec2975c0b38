"""Questions and answers on the wire, dnspython being the judge."""

from contextlib import suppress

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from dns.rdatatype import RdataType
from hypothesis import given
from hypothesis import strategies as st

from gateway.validation import dns_wire
from gateway.validation.dns_wire import DnsAnswer, ServerRefused, Truncated

NAME = "Shop.example.com"


def asked(record: str = "A", name: str = NAME) -> bytes:
    return dns_wire.question(name, RdataType.from_text(record))


def reply(record: str = "A", *answers: str, code: str = "NOERROR") -> dns.message.Message:
    """`answers` in presentation format, owner first."""
    message = dns.message.make_response(dns.message.make_query(NAME, record))
    message.set_rcode(dns.rcode.from_text(code))
    message.answer += [
        dns.rrset.from_text(f"{owner}.", 60, "IN", kind, value)
        for owner, kind, value in (answer.split(" ", 2) for answer in answers)
    ]
    return message


def read(message: dns.message.Message, record: str = "A") -> DnsAnswer:
    return dns_wire.read(message.to_wire(), asked(record))


def by_dnspython(wire: bytes) -> DnsAnswer:
    """The end of the alias chain, as dnspython sees it."""
    message = dns.message.from_wire(wire)
    assert isinstance(message, dns.message.QueryMessage)
    [question] = message.question
    chain = message.resolve_chaining()
    if chain.answer is None and chain.canonical_name != question.name:
        return DnsAnswer(
            alias=asked(dns.rdatatype.to_text(question.rdtype), str(chain.canonical_name))
        )
    return DnsAnswer(tuple(record.to_digestable() for record in chain.answer or ()))


@pytest.mark.parametrize(
    "name", ["a", "EXAMPLE.com", "_acme-challenge.example.com", "bücher.example", "example.com."]
)
def test_a_question_is_what_dnspython_writes_in_lower_case(name: str) -> None:
    wire = dns.message.make_query(name.lower(), "TXT", use_edns=0, payload=1232, id=0x0102)
    assert dns_wire.query(b"\x01\x02", asked("TXT", name)) == wire.to_wire()


@pytest.mark.parametrize("name", ["a..b", "x" * 64, "a." * 127 + "com", ".a"])
def test_what_is_no_name_is_no_question(name: str) -> None:
    with pytest.raises((dns.exception.DNSException, UnicodeError)):
        asked("A", name)


@pytest.mark.parametrize(
    ("record", "answers"),
    [
        ("A", []),
        ("A", [f"{NAME} A 192.0.2.1"]),
        ("AAAA", [f"{NAME} AAAA 2001:db8::1", f"{NAME} AAAA 2001:db8::2"]),
        ("TXT", [f'{NAME} TXT "one" "two"']),
        ("CAA", [f'{NAME} CAA 0 issue "ca.example"', f'{NAME} CAA 128 issuewild ";"']),
        ("A", [f"{NAME} CNAME other.example.", "other.example A 192.0.2.1"]),
        ("A", [f"{NAME} CNAME other.example."]),
        ("A", ["other.example A 192.0.2.1"]),
        ("A", [f"{NAME} TXT text", f"{NAME} A 192.0.2.1"]),
    ],
)
def test_what_is_read_is_what_dnspython_reads(record: str, answers: list[str]) -> None:
    message = reply(record, *answers)
    assert read(message, record) == by_dnspython(message.to_wire())


def test_records_are_their_data() -> None:
    message = reply("A", f"{NAME} A 192.0.2.1", f"{NAME} A 192.0.2.2")
    assert read(message) == DnsAnswer((bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])))


def test_an_alias_that_ends_elsewhere_is_the_next_question() -> None:
    message = reply("CAA", f"{NAME} CNAME Hosted.example.net.")
    assert read(message, "CAA") == DnsAnswer(alias=asked("CAA", "hosted.example.net"))


def test_a_name_that_does_not_exist_has_no_records() -> None:
    assert read(reply(code="NXDOMAIN")) == DnsAnswer()


@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED", "FORMERR", "NOTIMP"])
def test_an_error_is_not_taken_for_no_records(code: str) -> None:
    with pytest.raises(ServerRefused, match=code):
        read(reply(code=code))


def test_a_truncated_answer_is_not_read() -> None:
    message = reply("A", f"{NAME} A 192.0.2.1")
    message.flags |= dns.flags.TC
    with pytest.raises(Truncated):
        read(message)


def test_an_answer_that_is_cut_is_malformed() -> None:
    wire = reply("A", f"{NAME} A 192.0.2.1", f"{NAME} A 192.0.2.2").to_wire()
    records = 12 + len(asked())
    for end in range(records, len(wire)):
        with pytest.raises(dns.exception.DNSException):
            dns_wire.read(wire[:end], asked())


@given(st.data())
def test_bytes_of_a_stranger_are_read_or_malformed(data: st.DataObject) -> None:
    wire = bytearray(
        reply(
            "A", f"{NAME} CNAME b.example.", "b.example A 192.0.2.1", f"{NAME} A 1.2.3.4"
        ).to_wire()
    )
    for at in data.draw(st.lists(st.integers(12 + len(asked()), len(wire) - 1), max_size=4)):
        wire[at] = data.draw(st.integers(0, 255))
    with suppress(ServerRefused, dns.exception.DNSException):
        dns_wire.read(bytes(wire), asked())
