"""A code from another device (TOTP, RFC 6238): what one person shows where two are asked for.

The shared secret stands in ``<run-dir>/secrets/second_factor`` (base32, mode 0600). A code passes once, and a few wrong
ones shut this way for a while: six digits are soon guessed by who may guess on.
"""

import hmac
from pathlib import Path
from typing import Literal

import pyotp

from services.common.ports import Clock
from services.gateway.limits.windows import SlidingCount

FILE_NAME = "second_factor"
WRONG_MAX = 5
WRONG_WINDOW_MS = 600_000
_STEP_S = 30
_STEPS_EITHER_WAY = 1  # a phone's clock may be off by one step

Verdict = Literal["ok", "none enrolled", "wrong or used", "too many wrong codes"]


class SecondFactor:
    """``path`` is read at every look, so that enrolling needs no restart."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._last_step = -1  # codes up to this step of time have been used
        self._wrong = SlidingCount(WRONG_WINDOW_MS)

    def check(self, code: str) -> Verdict:
        """ "ok" uses the code up."""
        try:
            secret = self._path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            secret = ""
        if not secret:
            return "none enrolled"
        mono_ms = self._clock.monotonic_ms()
        if self._wrong.count(mono_ms) >= WRONG_MAX:
            return "too many wrong codes"
        step = self._step_of(secret, code)
        if step is None or step <= self._last_step:
            self._wrong.add(mono_ms)
            return "wrong or used"
        self._last_step = step
        return "ok"

    def _step_of(self, secret: str, code: str) -> int | None:
        """The step of time that the code is for; None when it is for none near now, or the secret is unreadable."""
        now_step = self._clock.now_ms() // (_STEP_S * 1000)
        try:
            totp = pyotp.TOTP(secret, interval=_STEP_S)
            for step in range(now_step - _STEPS_EITHER_WAY, now_step + _STEPS_EITHER_WAY + 1):
                if hmac.compare_digest(totp.at(step * _STEP_S).encode(), code.strip().encode()):
                    return step
        except ValueError:  # binascii.Error: no base32
            return None
        return None


def new_secret() -> str:
    """160 random bits in base32."""
    return pyotp.random_base32()


def uri_of(secret: str, actor: str) -> str:
    """otpauth://…, which authenticator apps read."""
    return pyotp.TOTP(secret, interval=_STEP_S).provisioning_uri(name=actor, issuer_name="hbot desk")
