"""YAML that says what it says: 0.1 stays "0.1" until a Decimal reads it, yes is a word, a key stands once.

A file that does not end in a newline was not written to its end and is refused.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from services.common.errors import ConfigError


class _Loader(yaml.SafeLoader):
    """Safe YAML without floats, dates and the yes/no/on/off booleans."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows if tag == "tag:yaml.org,2002:null"]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9][0-9_]*$"), list("-+0123456789"))


def _construct_mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key_node) for key_node, _ in node.value]
    repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
    if repeated:
        raise yaml.constructor.ConstructorError(None, None, f"key stands twice: {', '.join(repeated)}", node.start_mark)
    return dict(zip(keys, (loader.construct_object(value, deep=True) for _, value in node.value), strict=True))


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)


def read_yaml(path: Path) -> dict[str, Any]:
    """A mapping, or ConfigError. A file that does not end in a newline was not written to its end."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("E_CFG_READ", f"path={path}, {error}", "check that the file exists and is UTF-8") from error
    if text and not text.endswith("\n"):
        raise ConfigError(
            "E_CFG_HALF_WRITTEN",
            f"path={path}, last line {text.splitlines()[-1]!r} has no newline: the file is cut short",
            "write it again, or end it with a newline if it is complete",
        )
    try:
        value = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ConfigError("E_CFG_YAML", f"path={path}, {' '.join(str(error).split())}", "correct the YAML") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError("E_CFG_YAML", f"path={path}, value is a {type(value).__name__}", "allowed: key: value lines")
    return value


def parse_scalar(text: str) -> Any:
    """What stands behind ``key=`` in a flag or a variable: a number, a list, null; text when it is none of these."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError:
        return text
