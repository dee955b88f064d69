"""One way to load settings: defaults < file < environment < flag. The only place that reads the environment.

A settings class is frozen and refuses unknown keys. What is wrong is said with path, value, allowed range and example;
exit 4.
"""

import difflib
import hashlib
import os
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from services.common.errors import ConfigError
from services.common.files import canonical_json
from services.common.yaml_file import parse_scalar, read_yaml

MASK = "****"
_FIX = "correct it; `desk show-config <service>` lists every setting and where its value came from"


class Settings(BaseModel):
    """Frozen, unknown keys refused, defaults checked too."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


S = TypeVar("S", bound=Settings)


class Loaded(NamedTuple, Generic[S]):
    settings: S
    origins: dict[str, str]  # dotted key -> "default", "file:…", "env:…", "flag:--set …"
    config_hash: str


def load_settings(
    cls: type[S],
    *,
    service: str,
    data_dir: Path | None = None,
    path: Path | None = None,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> Loaded[S]:
    """``path`` defaults to ``<data_dir>/policies/<service>.yml`` (may be absent); ``overrides`` are ``key=value``."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    must_exist = path is not None
    if path is None and data_dir is not None:
        path = data_dir / "policies" / f"{service}.yml"
    if path is not None and (must_exist or path.exists()):
        _merge(values, origins, read_yaml(path), f"file:{path}")
    prefix = "HBOT_" + re.sub(r"[^A-Z0-9]", "_", service.upper()) + "_"
    for name, text in sorted((os.environ if environ is None else environ).items()):
        if name.startswith(prefix):
            key = name[len(prefix) :].lower().replace("__", ".")
            _merge(values, origins, _nest(key, _from_text(cls, key, text)), f"env:{name}")
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key:
            raise ConfigError("E_CFG_FLAG", f"--set {override!r}, allowed: key=value", "--set max_open_orders=20")
        _merge(values, origins, _nest(key, _from_text(cls, key, text)), f"flag:--set {key}")
    try:
        settings = cls.model_validate(values)
    except ValidationError as error:
        raise ConfigError("E_CFG_INVALID", "\n".join(_explain(cls, error, origins, service)), _FIX) from error
    all_origins = {key: origins.get(key, "default") for key, _ in _flatten(settings)}
    return Loaded(settings, all_origins, config_hash(settings))


def environment() -> dict[str, str]:
    """A copy of the process environment, for the one who starts processes."""
    return dict(os.environ)


def config_hash(settings: BaseModel) -> str:
    """sha256 over the sorted resolved values without the secrets."""
    plain = {key: _plain(value) for key, value in _flatten(settings) if not isinstance(value, SecretStr)}
    return hashlib.sha256(canonical_json(plain).encode()).hexdigest()


def masked(settings: BaseModel) -> dict[str, Any]:
    """Every setting by dotted key, as text that may be logged."""
    return {k: MASK if isinstance(v, SecretStr) else _plain(v) for k, v in _flatten(settings)}


class SettingDoc(NamedTuple):
    """One setting for the reference page; ``default`` is "" when it must be given."""

    key: str
    allowed: str
    default: str
    description: str


def describe(cls: type[BaseModel], at: str = "") -> Iterator[SettingDoc]:
    """Every setting of a class by dotted key, those of nested tables included."""
    for name, field in cls.model_fields.items():
        inner = _model_in(field.annotation)
        if inner is not None:
            yield from describe(inner, f"{at}{name}.")
            continue
        default = "" if field.is_required() else str(_plain(field.get_default(call_default_factory=True)))
        yield SettingDoc(f"{at}{name}", _allowed(field), default, field.description or "")


# ------------------------------------------------------------------------------------------------------------- private


def _merge(values: dict[str, Any], origins: dict[str, str], new: Mapping[str, Any], origin: str, at: str = "") -> None:
    for key, value in new.items():
        dotted = f"{at}{key}"
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            _merge(values[key], origins, value, origin, f"{dotted}.")
            continue
        values[key] = value
        for leaf in _leaves(dotted, value):
            origins[leaf] = origin


def _leaves(at: str, value: Any) -> Iterator[str]:
    yield at
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{at}.{key}", inner)


def _nest(dotted: str, value: Any) -> dict[str, Any]:
    head, _, rest = dotted.partition(".")
    return {head: _nest(rest, value) if rest else value}


def _from_text(cls: type[BaseModel], dotted: str, text: str) -> Any:
    """Text of a flag or a variable: as it is for text fields, else read as YAML (lists, numbers, null)."""
    field = _field(cls, dotted.split("."))
    if field is None or _is_text(field.annotation):
        return text
    return parse_scalar(text)


def _field(cls: type[BaseModel], keys: Sequence[str]) -> FieldInfo | None:
    field = cls.model_fields.get(keys[0])
    if field is None or len(keys) == 1:
        return field
    inner = _model_in(field.annotation)
    return _field(inner, keys[1:]) if inner else None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _is_text(annotation: Any) -> bool:
    if get_origin(annotation) in (Union, types.UnionType):
        return any(_is_text(part) for part in get_args(annotation))
    if get_origin(annotation) is Literal:
        return all(isinstance(value, str) for value in get_args(annotation))
    return annotation in (str, SecretStr, Path)


def _flatten(settings: BaseModel, at: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            yield from _flatten(value, f"{at}{name}.")
        else:
            yield f"{at}{name}", value


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {key: _plain(inner) for key, inner in _flatten(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        plain = [_plain(inner) for inner in value]
        return sorted(plain, key=str) if isinstance(value, set | frozenset) else plain
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value.is_finite() else str(value)
    if isinstance(value, SecretStr):
        return MASK
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _explain(cls: type[BaseModel], error: ValidationError, origins: Mapping[str, str], service: str) -> Iterator[str]:
    for item in error.errors():
        keys = [str(part) for part in item["loc"]]
        dotted = ".".join(keys)
        field = _field(cls, keys) if keys else None
        where = next((origins[key] for key in _upwards(keys) if key in origins), f"{service} settings")
        if not keys:  # several settings that do not go together: the message names them
            yield f"{where}: {item['msg'].removeprefix('Value error, ')}"
        elif item["type"] == "extra_forbidden":
            holder = _field(cls, keys[:-1]) if len(keys) > 1 else None
            model = (_model_in(holder.annotation) if holder else None) or cls
            near = difflib.get_close_matches(keys[-1], model.model_fields, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(sorted(model.model_fields))}"
            yield f"{where}: {dotted}={item['input']!r} is not a setting; {hint}"
        elif item["type"] == "missing":
            yield f"{where}: {dotted} is missing; allowed: {_allowed(field)}; example: {dotted}: {_example(field)}"
        else:
            value = MASK if field is not None and field.annotation is SecretStr else repr(item["input"])
            why = item["msg"].removeprefix("Value error, ")
            yield (
                f"{where}: {dotted}={value}: {why}; allowed: {_allowed(field)}{_unit_hint(keys)};"
                f" example: {dotted}: {_example(field)}"
            )


def _upwards(keys: Sequence[str]) -> Iterator[str]:
    for n in range(len(keys), 0, -1):
        yield ".".join(keys[:n])


def _allowed(field: FieldInfo | None) -> str:
    if field is None:
        return "see the description of the key above it"
    annotation = field.annotation
    if get_origin(annotation) is Literal:
        return " | ".join(str(value) for value in get_args(annotation))
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "min_length": "length >=", "max_length": "length <="}
    bounds = [
        f"{sign} {getattr(meta, name)}"
        for meta in field.metadata
        for name, sign in signs.items()
        if getattr(meta, name, None) is not None
    ]
    kind = annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")
    return " ".join([kind.replace("decimal.", ""), *bounds])


def _example(field: FieldInfo | None) -> str:
    if field is None:
        return "see docs/reference/settings.md"
    if field.examples:
        return str(field.examples[0])
    if not field.is_required():
        return str(_plain(field.get_default(call_default_factory=True)))
    return field.description or "see docs/reference/settings.md"


def _unit_hint(keys: Sequence[str]) -> str:
    if any("_pct" in key for key in keys):
        return " (a fraction: 0.05 is 5 %)"
    if any("_bps" in key for key in keys):
        return " (basis points: 5 is 0.05 %)"
    return " (milliseconds)" if any(key.endswith("_ms") for key in keys) else ""
