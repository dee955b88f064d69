"""A code passes once, near its time, and nobody may guess on."""

import pyotp
import pytest

from services.gateway.second_factor import WRONG_MAX, WRONG_WINDOW_MS, SecondFactor, new_secret, uri_of

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW_MS = 1_763_640_015_000  # the middle of a step


class Clock:
    def __init__(self):
        self.ms = NOW_MS

    def now_ms(self):
        return self.ms

    def monotonic_ms(self):
        return self.ms - NOW_MS


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def factor(tmp_path, clock):
    (tmp_path / "second_factor").write_text(SECRET + "\n")
    return SecondFactor(tmp_path / "second_factor", clock)


def code(at_ms=NOW_MS):
    return pyotp.TOTP(SECRET).at(at_ms // 1000)


def test_the_code_is_the_one_of_rfc_6238():
    # appendix B, SHA-1, secret "12345678901234567890": at 59 s 94287082
    assert pyotp.TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", digits=8).at(59) == "94287082"


@pytest.mark.parametrize("off_ms", [-30_000, 0, 30_000])
def test_a_code_of_now_or_of_a_step_beside_passes(factor, off_ms):
    assert factor.check(f" {code(NOW_MS + off_ms)} ") == "ok"


@pytest.mark.parametrize("off_ms", [-60_000, 60_000])
def test_one_from_further_away_does_not(factor, off_ms):
    assert factor.check(code(NOW_MS + off_ms)) == "wrong or used"


@pytest.mark.parametrize("given", ["", "abc", "１２３４５６", "0" * 400])
def test_what_is_no_code_does_not(factor, given):
    assert factor.check(given) == "wrong or used"


def test_a_code_passes_once_and_none_of_before_it_passes_after_it(factor):
    assert factor.check(code()) == "ok"
    assert factor.check(code()) == "wrong or used"
    assert factor.check(code(NOW_MS - 30_000)) == "wrong or used"
    assert factor.check(code(NOW_MS + 30_000)) == "ok"


def test_who_guesses_is_shut_out_with_the_right_code_too_and_later_let_in_again(factor, clock):
    for _ in range(WRONG_MAX):
        assert factor.check("000000") == "wrong or used"
    assert factor.check(code()) == "too many wrong codes"
    clock.ms += WRONG_WINDOW_MS
    assert factor.check(code(clock.ms)) == "ok"


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_without_a_secret_no_code_passes(tmp_path, clock, content):
    path = tmp_path / "second_factor"
    if content is not None:
        path.write_text(content)
    assert SecondFactor(path, clock).check(code()) == "none enrolled"


def test_a_secret_that_is_none_lets_nobody_in(tmp_path, clock):
    (tmp_path / "second_factor").write_text("not base32!")
    assert SecondFactor(tmp_path / "second_factor", clock).check("000000") == "wrong or used"


def test_a_new_secret_is_another_each_time_and_its_address_names_desk_and_person():
    assert len({new_secret() for _ in range(20)}) == 20
    assert len(new_secret()) >= 32
    assert uri_of(SECRET, "anna").startswith("otpauth://totp/hbot%20desk:anna?secret=" + SECRET)
