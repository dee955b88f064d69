"""Errors that say what to do: a code, the values, then the next command. And the exit codes every command shares."""

from enum import IntEnum


class ExitCode(IntEnum):
    OK = 0
    ERROR = 1
    NOT_FOUND = 2
    NOT_RUNNING = 3
    CONFIG = 4
    TIMEOUT = 5
    GATE_FAILED = 6
    APPROVAL_NEEDED = 7


class DeskError(Exception):
    """``CODE: value=…, limit=…`` and the next step; ``exit_code`` is what a command that ends on it returns."""

    exit_code: ExitCode = ExitCode.ERROR

    def __init__(self, code: str, text: str, next_step: str, *, exit_code: ExitCode | None = None) -> None:
        super().__init__(f"{code}: {text}\nnext  {next_step}")
        self.code = code
        self.text = text
        self.next_step = next_step
        if exit_code is not None:
            self.exit_code = exit_code


class ConfigError(DeskError):
    """Bad settings; the process does not start."""

    exit_code = ExitCode.CONFIG


class NotRunning(DeskError):
    exit_code = ExitCode.NOT_RUNNING


class NotFound(DeskError):
    exit_code = ExitCode.NOT_FOUND


class TimedOut(DeskError):
    exit_code = ExitCode.TIMEOUT


class EventRefused(Exception):
    """A reader's verdict that the event itself is wrong: it goes to the dead letters and reading goes on."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
