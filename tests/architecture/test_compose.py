"""docker-compose.yml and Dockerfile, as far as they can be judged without a container engine."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from config.environment import Environment
from runtime.web import web_command

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = ("web", "worker", "beat", "migrate")
LONG_RUNNING = ("postgres", "redis", "web", "worker", "beat")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    services: dict[str, Any] = document["services"]
    return services


def known_variables() -> set[str]:
    prefix = Environment.model_config["env_prefix"]
    return {str(field.validation_alias or f"{prefix}{name}".upper()) for name, field in Environment.model_fields.items()}


def test_the_services_are_those_that_the_design_names(services: dict[str, Any]) -> None:
    assert set(services) == {*LONG_RUNNING, "migrate"}


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_every_long_running_service_has_a_health_check(services: dict[str, Any], name: str) -> None:
    assert services[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", APPLICATION)
def test_every_variable_is_one_that_the_settings_read(services: dict[str, Any], name: str) -> None:
    assert set(services[name]["environment"]) - {"HOME"} <= known_variables()


def test_all_application_services_get_the_same_environment_but_for_the_owner_of_the_tables(services: dict[str, Any]) -> None:
    environments = [dict(services[name]["environment"]) for name in APPLICATION]
    owners = [environment.pop("TOUCHSTONE_OWNER_DATABASE_URL", None) for environment in environments]
    assert [name for name, owner in zip(APPLICATION, owners, strict=True) if owner] == ["migrate"]
    assert all(environment == environments[0] for environment in environments)


def test_the_processes_run_as_another_role_than_the_owner_of_the_tables(services: dict[str, Any]) -> None:
    environment = services["migrate"]["environment"]
    owner = services["postgres"]["environment"]["POSTGRES_USER"]
    assert environment["TOUCHSTONE_OWNER_DATABASE_URL"].startswith(f"postgresql://{owner}:")
    assert environment["DATABASE_URL"].startswith("postgresql://touchstone_app:")
    assert "RUNTIME_PASSWORD" in environment["DATABASE_URL"]
    assert "POSTGRES_PASSWORD" not in environment["DATABASE_URL"]


def test_migrations_come_before_rights_and_rights_before_the_first_signing_key(services: dict[str, Any]) -> None:
    commands = re.findall(r"manage\.py ([a-z_]+)", services["migrate"]["command"][-1])
    assert commands == ["migrate", "grant_runtime_role", "signing_key"]
    assert set(commands) <= set(get_commands())


def test_the_signing_keys_lie_in_a_volume_that_belongs_to_the_user_of_the_image(services: dict[str, Any]) -> None:
    for name in APPLICATION:
        folder = services[name]["environment"]["TOUCHSTONE_SIGNING_KEYS"]
        assert f"signing:{folder}" in services[name]["volumes"]
        assert folder == "/srv/touchstone/.local/signing"
    assert "install -d -o 10001 -g 10001 -m 700 .local/signing" in (ROOT / "Dockerfile").read_text()


def test_every_secret_is_required_from_outside(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, value in service["environment"].items():
            if re.search(r"PASSWORD|SECRET|AUTH|DATABASE_URL$|REDIS_URL$", name):
                assert re.search(r"\$\{\w+:\?", str(value)), f"{name} does not come from outside"
            elif name.endswith("_URL"):  # what may be left out, and may hold a password where it is not
                assert value == f"${{{name}:-}}"


@pytest.mark.parametrize("name", APPLICATION)
def test_the_application_waits_for_what_it_needs(services: dict[str, Any], name: str) -> None:
    needs = services[name]["depends_on"]
    assert needs["postgres"]["condition"] == "service_healthy"
    if name != "migrate":
        assert needs["redis"]["condition"] == "service_healthy"
        assert needs["migrate"]["condition"] == "service_completed_successfully"


@pytest.mark.parametrize("name", APPLICATION)
def test_the_application_can_gain_no_rights(services: dict[str, Any], name: str) -> None:
    assert services[name]["cap_drop"] == ["ALL"]
    assert services[name]["read_only"] is True


def test_only_the_web_server_is_published_and_on_loopback_by_default(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if "ports" in service} == {"web"}
    assert services["web"]["ports"] == ["${TOUCHSTONE_PUBLISH:-127.0.0.1:8000}:8000"]


def test_every_foreign_image_names_its_version(services: dict[str, Any]) -> None:
    for name in set(services) - set(APPLICATION):
        assert re.fullmatch(r"[\w/]+:\d+", services[name]["image"])


def test_the_image_runs_as_an_ordinary_user() -> None:
    users = re.findall(r"^USER (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users[-1:] == ["10001:10001"]


def test_everything_that_the_image_is_made_from_exists() -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), f"Dockerfile copies {source}, which is not there"


def test_the_image_starts_the_web_server_with_the_command_of_bin_up() -> None:
    (command,) = re.findall(r"^CMD (.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    everywhere = "0.0.0.0"  # noqa: S104  in a container
    assert json.loads(command) == ["granian", *web_command(everywhere, 8000, kill_seconds=10)[3:]]
