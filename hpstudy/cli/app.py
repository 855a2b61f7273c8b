"""The command line without its commands: errors in one line, the version, the help."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from hpstudy import __version__
from hpstudy.errors import StoppedError, UserError
from hpstudy.expected import expectation, harmless, one_line
from hpstudy.files import flush_files, limit_met, started_here
from hpstudy.running.interrupts import heed_interrupts

_LONGEST = 1000  # characters of an error

_WHOLE_LINE = 1000  # characters of a command's first line that the help shows, at most


class _Commands(TyperGroup):
    """Prints what the user can fix as one line, with its exit code, and help that cuts no line."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,  # noqa: ANN401 - Typer's signature
    ) -> Any:  # noqa: ANN401
        """Runs a command; the arguments are Typer's."""
        heed_interrupts()
        try:
            with started_here():
                code = super().main(
                    args=args,
                    prog_name=prog_name,
                    complete_var=complete_var,
                    standalone_mode=False,
                    windows_expand_args=windows_expand_args,
                    **extra,
                )
        except UserError as error:
            _fail(str(error), error.exit_code)
        except typer.TyperException as error:
            _fail(_said(error), error.exit_code)
        except OSError as error:
            if (limit := limit_met(error)) is None:
                raise
            _fail(f"{limit}; what was recorded is kept", StoppedError.exit_code)
        except KeyboardInterrupt:
            _fail("interrupted", 130)
        except typer.Abort as error:
            is_interrupted = isinstance(error.__cause__, KeyboardInterrupt)
            _fail(*(("interrupted", 130) if is_interrupted else ("aborted", 1)))
        sys.exit(code or 0)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Lists the commands, each with all of its first line; a long one goes on below."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        rows = [
            (name, command.get_short_help_str(_WHOLE_LINE))
            for name, command in commands.items()
            if command is not None
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _said(error: typer.TyperException) -> str:
    """Returns Typer's message, in our words where a value is wrong or missing."""
    parameter = getattr(error, "param", None)
    if not isinstance(error, typer.BadParameter) or parameter is None:
        return error.format_message()
    name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar
    if parameter.envvar and parameter.envvar in os.environ:
        name = f"{name} (or {parameter.envvar})"
    if errors := getattr(error.__cause__, "errors", None):  # pydantic, by which Typer reads values
        return f"{name}: {expectation(errors()[0])}"
    return f"{name}: {error.message}" if error.message else f"{name}: missing: {parameter.help}"


def _fail(message: str, code: int) -> NoReturn:
    print(f"Error: {one_line(message, _LONGEST)}", file=sys.stderr)
    sys.exit(code)


def tell(text: str, *, err: bool = False) -> None:
    """Prints text, which may be others', so that no terminal obeys it."""
    typer.echo(harmless(text), err=err)


app = typer.Typer(
    cls=_Commands,
    add_completion=False,
    invoke_without_command=True,
    help="Which hyperparameters matter, is the difference real or luck, and which setting to use?",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hpstudy {__version__}")
        raise typer.Exit


def _end() -> None:
    """Keeps Python from looking for garbage among all that was imported: a fifth of `show`."""
    flush_files()
    gc.freeze()


@app.callback()
def _main(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    # Looking for cycles among ten thousand trials takes as long as reading them.
    gc.set_threshold(50_000)
    atexit.register(_end)
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
