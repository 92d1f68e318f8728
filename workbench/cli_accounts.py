"""The options of whoever places or takes calls as somebody, and who that is."""

import os
import sys
from typing import Any

import click
from rich.console import Console

from workbench.engine.account import Account, Registration
from workbench.views.wording import legible

ACCOUNT = (
    click.option("--account", default="", metavar="URI",
                 help="Register, or call, as sip:USER@DOMAIN; the password is taken from"
                 " WORKBENCH_PASSWORD, or asked for."),
    click.option("--registrar", default="", metavar="HOST[:PORT]",
                 help="Who keeps the account's registration; by default its domain."),
    click.option("--proxy", default="", metavar="HOST[:PORT]",
                 help="Where the account's requests are sent; by default the registrar."),
    click.option("--srtp", type=click.Choice(["off", "optional", "required"]), default="off",
                 show_default=True, help="Whether audio is encrypted."),
)  # fmt: skip
"""The options of whoever places or takes calls as somebody."""


def as_somebody(command: Any) -> Any:
    """Give a command these options."""
    for option in reversed(ACCOUNT):
        command = option(command)
    return command


def account_of(account: str, registrar: str, proxy: str) -> Account | None:
    """Return who places or takes the calls, None for nobody."""
    if not account:
        if registrar or proxy:
            message = "--registrar and --proxy belong to an --account."
            raise click.UsageError(message)
        return None
    return Account(uri=account, password=_password(account), registrar=registrar, proxy=proxy)


def _password(account: str) -> str:
    # Never an option: what is on a command line, everybody on the machine can read.
    if (password := os.environ.get("WORKBENCH_PASSWORD")) is not None:
        return password
    if not sys.stdin.isatty():
        message = (
            f"There is nobody to ask for the password of {account}: set WORKBENCH_PASSWORD."
        )
        raise click.UsageError(message)
    return str(click.prompt(f"Password of {account}", hide_input=True, err=True))


def tell_standing(console: Console, standing: Registration) -> None:
    """Say whether an account is registered, or why not."""
    until = f" until {standing.until:%H:%M:%S} UTC" if standing.until else ""
    why = f" ({standing.sip_code} {standing.reason})" if standing.state == "failed" else ""
    text = legible(f"{standing.uri} is {standing.state}{until}{why}")
    console.print(text, highlight=False, markup=False)
