"""Every service has the same files, and stands in the import contracts: one that is not listed is not checked."""

import tomllib
from pathlib import Path

import pytest

from services.contracts.codec import KINDS
from tests.tidy.sources import REPO, tracked

LIBRARIES = {"common", "contracts", "simulation", "dialects"}
FILES = ("service.py", "settings.py", "metrics.py", "__main__.py", "README.md")


def service_packages() -> list[Path]:
    return sorted(
        path.parent
        for path in tracked()
        if path.name == "__init__.py" and path.parent.parent == REPO / "services" and path.parent.name not in LIBRARIES
    )


@pytest.mark.parametrize("package", service_packages(), ids=lambda path: path.name)
def test_a_service_has_the_files_every_service_has(package):
    missing = [file for file in FILES if not (package / file).exists()]
    assert not missing, f"services/{package.name}: {missing}"


@pytest.mark.parametrize("package", service_packages(), ids=lambda path: path.name)
def test_a_service_stands_in_the_layers(package):
    contracts = tomllib.loads((REPO / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["type"] == "layers")["layers"]
    listed = {module.strip() for layer in layers for module in layer.split("|")}
    assert f"services.{package.name}" in listed, f"add services.{package.name} to the layers in pyproject.toml"


def test_every_kind_of_event_has_a_golden_file():
    missing = [kind for kind in KINDS if not (REPO / "tests" / "golden" / "contracts" / f"{kind}.json").exists()]
    assert not missing, f"{missing}: write tests/golden/contracts/<kind>.json with pytest --update-golden"


def test_every_service_the_supervisor_starts_exists():
    from scripts.desk.supervisor.plan import SERVICE_NAMES

    names = {package.name for package in service_packages()}
    assert set(SERVICE_NAMES) <= names
