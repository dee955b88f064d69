"""Stands in until controllers.epp documents its parameters: no units, no ranges."""

from typing import Any, NamedTuple

from controllers.epp.params import EppParams
from controllers.epp.regime_table import RegimeSpec


class ParamDoc(NamedTuple):
    unit: str
    least: Any
    most: Any
    group: str
    text: str


PARAM_DOCS = {name: ParamDoc("", None, None, "", "") for name in EppParams._fields}
REGIME_DOCS = {name: ParamDoc("", None, None, "", "") for name in RegimeSpec._fields}


def check_params(params: EppParams) -> list[str]:
    return []
