"""The options of whoever places or takes calls as somebody, and who that is."""

import os
import sys
from dataclasses import replace
from typing import Any

import click
from rich.console import Console

from workbench.engine.account import Account, Registration
from workbench.sip import check_headers, parse_address
from workbench.tables import legible

ACCOUNT = (
    # Eager, for whom is called by a bare number depends on it.
    click.option("--account", default="", metavar="URI", is_eager=True,
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
    somebody = Account(uri=account, registrar=registrar, proxy=proxy)
    return replace(somebody, password=_password(account))


def check_callee(context: click.Context, _parameter: click.Parameter, uri: str) -> str:
    """Refuse whom nobody can call, before anything else is asked for.

    Raises:
        InvalidInput: the callee, or the account to call with, is no address.
    """
    account = context.params["account"]
    parse_address(Account(uri=account).callee(uri) if account else uri)
    return uri


def check_caller(_context: click.Context, _parameter: click.Parameter, uri: str) -> str:
    """Refuse a caller that cannot be shown.

    Raises:
        InvalidInput: it is no address.
    """
    return str(parse_address(uri)) if uri else ""


def parse_headers(
    _context: click.Context, parameter: click.Parameter, headers: tuple[str, ...]
) -> dict[str, str]:
    """Return headers by their names.

    Raises:
        InvalidInput: one may not be sent.
    """
    parsed: dict[str, str] = {}
    for header in headers:
        name, colon, value = (part.strip() for part in header.partition(":"))
        if not colon:
            message = f"{header!r} is no header: write it as 'X-Name: value'."
            raise click.BadParameter(message, param=parameter)
        if name in parsed:
            message = f"{name} is given twice: a header is sent once."
            raise click.BadParameter(message, param=parameter)
        parsed[name] = value
    check_headers(parsed)
    return parsed


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
