from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field, SecretStr, model_validator

from services.common.errors import ConfigError, ExitCode
from services.common.settings import Settings, config_hash, load_settings, masked


class Limits(Settings):
    open_orders_max: int = Field(default=20, ge=1, le=200)


class Example(Settings):
    order_value_quote_max: Decimal = Field(default=Decimal("1000"), gt=0)
    drawdown_pct_max: Decimal = Field(default=Decimal("0.05"), ge=0, le=1)
    mode: Literal["sim", "live"] = "sim"
    pairs: list[str] = ["BTC-USDT"]
    limits: Limits = Limits()
    token: SecretStr = SecretStr("")


def policy(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "policies" / "example.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return tmp_path


def load(data_dir: Path | None = None, *overrides: str, environ: dict[str, str] | None = None):
    return load_settings(Example, service="example", data_dir=data_dir, overrides=overrides, environ=environ or {})


def refusal(data_dir: Path | None = None, *overrides: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(data_dir, *overrides, environ=environ)
    assert caught.value.exit_code is ExitCode.CONFIG
    return str(caught.value)


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    data_dir = policy(tmp_path, "order_value_quote_max: 1\ndrawdown_pct_max: 0.01\nlimits:\n  open_orders_max: 5\n")
    environ = {"HBOT_EXAMPLE_DRAWDOWN_PCT_MAX": "0.02", "HBOT_EXAMPLE_LIMITS__OPEN_ORDERS_MAX": "6", "HOME": "/"}
    loaded = load(data_dir, "limits.open_orders_max=7", environ=environ)
    assert loaded.settings.order_value_quote_max == 1
    assert loaded.settings.drawdown_pct_max == Decimal("0.02")
    assert loaded.settings.limits.open_orders_max == 7
    assert loaded.settings.mode == "sim"
    assert loaded.origins["mode"] == "default"
    assert loaded.origins["order_value_quote_max"].startswith("file:")
    assert loaded.origins["drawdown_pct_max"] == "env:HBOT_EXAMPLE_DRAWDOWN_PCT_MAX"
    assert loaded.origins["limits.open_orders_max"] == "flag:--set limits.open_orders_max"


def test_a_decimal_is_what_was_written(tmp_path: Path) -> None:
    data_dir = policy(tmp_path, "drawdown_pct_max: 0.1000000000000000000000001\n")
    assert str(load(data_dir).settings.drawdown_pct_max) == "0.1000000000000000000000001"


def test_a_list_can_be_given_as_a_flag() -> None:
    assert load(None, "pairs=[BTC-USDT, ETH-USDT]").settings.pairs == ["BTC-USDT", "ETH-USDT"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("order_value_max: 5\n", ("order_value_max", "is not a setting", "order_value_quote_max")),
        ("drawdown_pct_max: 5\n", ("drawdown_pct_max=5", "<= 1", "0.05 is 5 %", "example")),
        ("drawdown_pct_max: 5%\n", ("drawdown_pct_max='5%'", "valid decimal")),
        ("order_value_quote_max: -5\n", ("order_value_quote_max=-5", "> 0")),
        ("mode: paper\n", ("mode='paper'", "sim | live")),
        ("limits:\n  open_orders_max: 0\n", ("limits.open_orders_max=0", ">= 1", "<= 200")),
        ("limits:\n  opn_orders_max: 3\n", ("limits.opn_orders_max", "did you mean open_orders_max?")),
        ("mode: sim\nmode: live\n", ("key stands twice", "mode")),
        ("mode: sim\norder_val", ("E_CFG_HALF_WRITTEN", "cut short")),
        ("limits: {open\n", ("E_CFG_YAML",)),
        ("- a\n- b\n", ("E_CFG_YAML", "list")),
    ],
)
def test_a_bad_file_is_refused_with_path_value_range_and_example(
    tmp_path: Path, text: str, says: tuple[str, ...]
) -> None:
    message = refusal(policy(tmp_path, text))
    assert "example.yml" in message
    for part in says:
        assert part in message


def test_a_bad_variable_names_itself() -> None:
    assert "env:HBOT_EXAMPLE_MODE" in refusal(environ={"HBOT_EXAMPLE_MODE": "paper"})


def test_a_flag_without_a_value_says_how_to_write_it() -> None:
    assert "key=value" in refusal(None, "mode")


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().settings.mode = "live"


def test_the_hash_names_the_values_not_their_spelling_and_not_the_secrets() -> None:
    assert load(None, "drawdown_pct_max=0.050").config_hash == load().config_hash
    assert load(None, "token=abc").config_hash == load().config_hash
    assert load(None, "mode=live").config_hash != load().config_hash
    assert load().config_hash == config_hash(load().settings)


def test_secrets_are_masked_in_what_is_logged_and_in_errors() -> None:
    loaded = load(None, "token=hush")
    assert loaded.settings.token.get_secret_value() == "hush"
    assert masked(loaded.settings)["token"] == "****"
    assert "hush" not in repr(loaded)
    assert "hush" not in refusal(None, "token=[hush]", "mode=paper")


class Together(Settings):
    low: int = 1
    high: int = 2

    @model_validator(mode="after")
    def _in_order(self) -> "Together":
        if self.low > self.high:
            raise ValueError(f"low={self.low}, allowed: at most high={self.high}")
        return self


def test_settings_that_do_not_go_together_are_refused_in_the_words_of_their_rule() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(Together, service="example", overrides=["low=3"], environ={})
    assert caught.value.text == "example settings: low=3, allowed: at most high=2"


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="E_CFG_READ"):
        load_settings(Example, service="example", path=tmp_path / "none.yml", environ={})
