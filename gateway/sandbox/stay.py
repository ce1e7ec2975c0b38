"""A sandbox that keeps running, with commands to paste: `python -m gateway.sandbox.stay`.

This is `make serve`.
"""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.errors import OperatorMistake
from gateway.sandbox.process import SandboxProcess

_NAME = "www.example.com"


def main(
    state: Annotated[Path, typer.Option(metavar="DIR")] = Path(".sandbox"),
    port: Annotated[int, typer.Option(metavar="P", help="0 = a free one.")] = 8443,
    http_port: Annotated[int, typer.Option(help="Where http-01 goes.")] = 5002,
) -> None:
    """Runs until Ctrl-C; the state is kept, and a second start continues with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # which stops the sandbox too
    options = ["--state", str(state), "--port", str(port), "--http-port", str(http_port)]
    state.mkdir(parents=True, exist_ok=True)
    try:
        with SandboxProcess(*options, log=state / "sandbox.log") as sandbox:
            typer.echo(_instructions(sandbox, state, http_port))
            sandbox.wait()
    except KeyboardInterrupt:
        typer.echo("stopped")
    except OperatorMistake as mistake:
        typer.echo(f"{mistake}; see {state / 'sandbox.log'}", err=True)
        sys.exit(1)


def _instructions(sandbox: SandboxProcess, state: Path, http_port: int) -> str:
    ready = sandbox.ready
    account = sandbox.action("PREREGISTER", serverUrl=ready["directories"]["DV"], years="1")
    credential = account["Accounts"][0]
    kid, mac_key = credential["eabMACIDb64url"], credential["eabMACKeyb64url"]
    sandbox.action("ADDDOMAIN", acmeAccountID=kid, domainName=_NAME)
    certbot = Path(sys.executable).with_name("certbot")
    client = state / "certbot"
    return f"""
The gateway is running; Ctrl-C stops it. Its log is {state / "sandbox.log"}.

  action API     {ready["actions"]}
  products       {ready["actions"].rpartition("/")[0]}
  login          {ready["loginName"]} / {ready["loginPassword"]}
  console        {ready["console"]} (that login, or an operator's:
                 {ready["operatorLogin"]} / {ready["operatorPassword"]})
  ACME, DV       {ready["directories"]["DV"]}
  ACME, OV       {ready["directories"]["OV"]}
  OV anchor      {ready["ovAnchorOrderNumber"]} (ovAnchorOrderNumber for names of example.com)
  sandbox clock  {ready["sandbox"]}/clock
  database       {ready["database"]}
  CA to trust    {ready["rootCertificate"]}
  settings       {state / "gateway.toml"}

An EAB credential whose subscription has {_NAME}:

  key id         {kid}
  MAC key        {mac_key}

A certificate with certbot:

  REQUESTS_CA_BUNDLE={ready["rootCertificate"]} {certbot} certonly \\
    --standalone --http-01-port {http_port} --server {ready["directories"]["DV"]} \\
    --eab-kid {kid} --eab-hmac-key {mac_key} \\
    --agree-tos --register-unsafely-without-email --non-interactive \\
    --config-dir {client} --work-dir {client} --logs-dir {client} -d {_NAME}
"""


if __name__ == "__main__":
    typer.run(main)
