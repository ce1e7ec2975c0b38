"""`gateway certificate …`"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from gateway.commands.operation import Config, follow, group, operate
from gateway.errors import NotFound, OperatorMistake

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.usecases.operation.bulk_revocation import BulkRevocation, BulkWanted, Preview
    from gateway.usecases.work import Work

app = group("Certificates: revoking many at once.")

Id = Annotated[str, typer.Argument(metavar="ID", help="As revoke-many prints it.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("revoke-many")
def revoke_many(
    value: Annotated[
        str,
        typer.Argument(
            metavar="VALUE",
            help="The name, the account id or the kid; the SHA-256 of a key, or a PEM file;"
            " a file of serials. - is the standard input.",
        ),
    ],
    by: Annotated[str, typer.Option("--by", metavar="name|key|account|credential|serials")],
    reason: Annotated[str, typer.Option(metavar="REASON", help="As in RFC 5280: 4 or superseded.")],
    why: Annotated[str, typer.Option(help="The occasion, a ticket: the audit log has it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Revoke them; it cannot be undone.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Revokes all certificates of a name, key, account or credential, or of a list of serials.

    The processes of the gateway do it in the background; this command shows how far they are.
    """
    from gateway.usecases.operation import bulk_revocation

    wanted = _wanted(by, value, reason, why)

    async def look(work: Work) -> Preview:
        return await bulk_revocation.rehearse(work, wanted)

    async def begin(work: Work) -> UUID:
        bulk_id = await bulk_revocation.prepare(work, wanted)
        await bulk_revocation.start(work, bulk_id)
        return bulk_id

    if dry_run:
        _print_preview(operate(config, look), as_json=as_json)
        return
    if not yes:
        raise OperatorMistake(
            f"nothing was revoked: add --yes to revoke {operate(config, look).number} certificates,"
            " or --dry-run to see them"
        )
    _follow(config, operate(config, begin), as_json=as_json)


@app.command("follow")
def follow_(bulk_id: Id, as_json: AsJson = False, config: Config = None) -> None:
    """Shows how far a bulk revocation is, until it has ended."""
    _follow(config, _id(bulk_id), as_json=as_json)


@app.command()
def cancel(bulk_id: Id, config: Config = None) -> None:
    """Revokes no more of them; what is revoked stays revoked."""
    from gateway.usecases.operation import bulk_revocation

    wanted = _id(bulk_id)

    async def carry_out(work: Work) -> BulkRevocation:
        with _unknown_mistakes(bulk_id):
            return await bulk_revocation.cancel(work, wanted)

    before = operate(config, carry_out)
    typer.echo(f"cancelled; revoked before that: {before.done} of {before.total}")


@app.command("revocations")
def revocations(
    limit: Annotated[int, typer.Option(min=1, max=1000, metavar="N")] = 50,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Bulk revocations, the newest first."""
    from gateway.usecases.operation import bulk_revocation

    async def carry_out(work: Work) -> list[BulkRevocation]:
        _, found = await bulk_revocation.list_all(work, limit=limit, offset=0)
        return found

    found = operate(config, carry_out)
    if as_json:
        typer.echo(json.dumps([_document(each) for each in found]))
        return
    for each in found:
        typer.echo(f"{each.id}  {each.criterion} {each.value}  {_progress(each)}  {each.why}")


def _wanted(by: str, value: str, reason: str, why: str) -> BulkWanted:
    from gateway.rules.operation.bulk_revocation import criterion_of, fingerprint_of
    from gateway.rules.operation.revocation_reasons import REASONS
    from gateway.usecases.operation.bulk_revocation import BulkWanted

    criterion = criterion_of(by)
    code = next((each for each, name in REASONS.items() if reason in (str(each), name)), None)
    if code is None:
        known = ", ".join(f"{each} ({name})" for each, name in REASONS.items())
        raise OperatorMistake(f"the reason {reason!r} is none of {known}")
    in_a_file = criterion == "serials" or (criterion == "key" and fingerprint_of(value) is None)
    return BulkWanted(criterion, _text_in(value) if in_a_file else value, code, why)


def _text_in(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorMistake(f"the file cannot be read: {error}") from None


def _print_preview(found: Preview, *, as_json: bool) -> None:
    if as_json:
        shown = [each.serial for each in found.certificates]
        document = {
            "certificates": found.number,
            "tooMany": found.too_many,
            "sample": shown,
            "unknown": found.unknown_number,
        }
        typer.echo(json.dumps(document))
        return
    if found.too_many:
        typer.echo("too many certificates to be revoked at once; the first of them:")
    else:
        typer.echo(f"{found.number} certificates would be revoked")
    for each in found.certificates:
        typer.echo(f"  {each.serial}  {', '.join(each.names)}  until {each.not_after:%Y-%m-%d}")
    if found.number > len(found.certificates) and not found.too_many:
        typer.echo(f"  and {found.number - len(found.certificates)} more")
    if found.unknown_number:
        typer.echo(f"{found.unknown_number} serials are unknown: {', '.join(found.unknown)}")


def _follow(config: Path | None, bulk_id: UUID, *, as_json: bool) -> None:
    """Shows the progress until the end; when it is interrupted, the revocation goes on."""
    from gateway.usecases.operation import bulk_revocation

    async def look(work: Work) -> BulkRevocation:
        with _unknown_mistakes(str(bulk_id)):
            return await bulk_revocation.show(work, bulk_id)

    last: list[BulkRevocation] = []
    try:
        with _bar(quiet=as_json) as show:

            def goes_on(found: BulkRevocation) -> bool:
                show(found)
                last[:] = [found]
                return found.status == "running"

            follow(config, look, goes_on)
    except KeyboardInterrupt:
        typer.echo(
            f"the revocation goes on in the background: gateway certificate follow {bulk_id}",
            err=True,
        )
        raise typer.Exit(130) from None
    [ended] = last
    typer.echo(json.dumps(_document(ended)) if as_json else _progress(ended))
    if ended.failed:
        raise typer.Exit(1)


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Callable[[BulkRevocation], None]]:
    """Gives what shows the progress: a bar on a terminal, else a line for each change."""
    if quiet or not sys.stderr.isatty():
        shown: list[str] = []

        def line(found: BulkRevocation) -> None:
            text = f"{found.id}  {_progress(found)}"
            if not quiet and text not in shown:
                shown.append(text)
                typer.echo(text, err=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("revoking", total=None)

        def move(found: BulkRevocation) -> None:
            progress.update(task, total=found.total, completed=found.done + found.failed)

        yield move


def _progress(found: BulkRevocation) -> str:
    failed = f", {found.failed} failed" if found.failed else ""
    return f"{found.status}: {found.done} of {found.total} revoked{failed}"


def _document(found: BulkRevocation) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "by": found.criterion,
        "value": found.value,
        "reason": found.reason,
        "why": found.why,
        "actor": found.actor,
        "status": found.status,
        "total": found.total,
        "done": found.done,
        "failed": found.failed,
    }


def _id(text: str) -> UUID:
    from gateway import ids

    try:
        return ids.read_id(text)
    except ValueError:
        raise OperatorMistake(f"{text!r} is no id of a bulk revocation") from None


@contextmanager
def _unknown_mistakes(bulk_id: str) -> Iterator[None]:
    """Turns NotFound into an OperatorMistake."""
    try:
        yield
    except NotFound:
        raise OperatorMistake(f"there is no bulk revocation {bulk_id}") from None
