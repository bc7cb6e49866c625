"""Every environment variable that Touchstone reads, with meaning and default. The README's table is made from this class."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent

TextList = Annotated[list[str], NoDecode]
PREFIX = "TOUCHSTONE_"


def faults_of(error: ValidationError) -> str:
    """What is wrong with the environment, by the names of the variables and without their values."""
    sentences = []
    for fault in error.errors(include_input=False):
        name, *inside = map(str, fault["loc"])
        variable = name if name in {"DATABASE_URL", "REDIS_URL"} else f"{PREFIX}{name.upper()}"
        sentences.append(f"{'.'.join([variable, *inside])}: {fault['msg']}")
    return "; ".join(sentences)


class MailServer(NamedTuple):
    """Where e-mail goes out. `starts_tls`: by STARTTLS; `is_tls`: from the start."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    is_tls: bool = False
    starts_tls: bool = False


def mail_server(url: SecretStr) -> MailServer:
    """The server of `smtp://user:password@host:port`; one without a host where the text is empty.

    smtp: STARTTLS where there is a password, which never goes out in the clear; smtps: TLS from the start. Raises ValueError,
    without the value.
    """
    text = url.get_secret_value()
    if not text:
        return MailServer()
    message = "must be of the form smtp://user:password@host:port or smtps://user:password@host:port"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:  # whose words quote what may be a part of the password
        raise ValueError(message) from None
    is_more = parts.path not in {"", "/"} or parts.query or parts.fragment
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or is_more:
        raise ValueError(message)
    is_tls = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    usual = 465 if is_tls else 587 if user else 25
    return MailServer(parts.hostname, port or usual, user, password, is_tls, bool(user) and not is_tls)


class Environment(BaseSettings):
    """Read once, at start. A value of the wrong form stops the start with a sentence that names the variable."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", populate_by_name=True)

    database_url: SecretStr = Field(
        default=SecretStr("postgresql:///touchstone"),
        validation_alias="DATABASE_URL",
        description="PostgreSQL connection URL. `bin/up` and `bin/test` start a server of their own when it is unset.",
    )
    owner_database_url: SecretStr = Field(
        default=SecretStr(""),
        description="The same database as the owner of its tables, for `migrate`, `grant_runtime_role`, `erase_person` and "
        "`remove_decisions` only.",
    )
    keep_decisions_days: int = Field(
        default=0,
        ge=0,
        description="How long decisions are kept, for `remove_decisions`; 0: for ever. It is run by hand or by cron.",
    )
    redis_url: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"),
        validation_alias="REDIS_URL",
        description="Valkey or Redis URL of Celery's broker. `bin/up` and `bin/test` start one of their own when unset.",
    )
    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="Django's secret key, 50 random characters or more. Required unless debugging; `bin/up` makes one.",
    )
    debug: bool = Field(default=False, description="Django's debug mode. Never in production.")
    allowed_hosts: TextList = Field(
        default=["127.0.0.1", "localhost", "[::1]"],
        description="Host names that the web server answers to, separated by commas.",
    )
    trusted_origins: TextList = Field(
        default=[], description="Origins (with scheme) that may post forms, separated by commas. Needed behind a TLS proxy."
    )
    https: bool = Field(
        default=False,
        description="On behind TLS: secure cookies, HSTS, redirect; `X-Forwarded-Proto` of the proxy is believed.",
    )
    trusted_proxies: TextList = Field(
        default=[],
        description="Addresses or networks of proxies whose `X-Forwarded-For` is believed, separated by commas.",
    )
    data_roots: TextList = Field(
        default=[str(PROJECT_ROOT / "demo" / "data"), str(PROJECT_ROOT / "data")],
        description="Folders under which the files of output ports must lie, separated by commas. Nothing else is ever read.",
    )
    database_hosts: TextList = Field(
        default=[],
        description="Hosts (`host` or `host:port`) that PostgreSQL ports may connect to, separated by commas. None by default.",
    )
    connections: TextList = Field(
        default=[],
        description="Connections that ports may use and whose owners may use them: `env:NAME=anna;omar` or `env:NAME=*`, "
        "separated by commas. Empty: every connection, for every owner.",
    )
    variables: TextList = Field(
        default=[],
        description="What `${NAME}` in a contract means: `NAME=value`, separated by commas. No secrets: values are shown.",
    )
    signing_keys: Path = Field(
        default=PROJECT_ROOT / ".local" / "signing",
        description="Folder of the private keys that sign answers and the ledger. `bin/manage signing_key --ensure` fills it.",
    )
    ledger_publish_file: Path | None = Field(
        default=None,
        description="File to which each sealed batch of the ledger is appended as one line of JSON.",
    )
    ledger_publish_url: str = Field(
        default="", description="Address to which each sealed batch of the ledger is posted as JSON, until it answers 2xx."
    )
    public_url: str = Field(
        default="",
        description="Scheme and host by which consumers reach Touchstone: the issuer of signed answers. Empty: as they asked.",
    )
    public_home: bool = Field(
        default=False,
        description="Home page and product labels without login. `bin/up` switches it on for the demo on loopback.",
    )
    run_lease_seconds: int = Field(
        default=60,
        ge=5,
        le=3600,
        description="Seconds without a response after which a worker's run is given to another.",
    )
    run_max_attempts: int = Field(default=3, ge=1, le=20, description="Attempts at a run before it is failed with the reason.")
    run_time_limit_seconds: int = Field(
        default=3600, ge=10, description="Longest time that one attempt at a run may take, in seconds; then it is failed."
    )
    engine_memory_mb: int = Field(default=512, ge=64, description="Memory limit of DuckDB in one worker process, in MB.")
    engine_temp_mb: int = Field(
        default=10_240, ge=16, description="Most that DuckDB may keep on disk for one run on files, in MB."
    )
    engine_threads: int = Field(default=2, ge=1, le=64, description="Threads that DuckDB uses in one worker process.")
    engine_statement_seconds: int = Field(
        default=600, ge=1, description="Longest time that one statement may take on a PostgreSQL source, in seconds."
    )
    web_threads: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Threads of one web process that answer requests; each keeps a database connection.",
    )
    web_statement_seconds: int = Field(
        default=4,
        ge=2,
        le=60,
        description="Longest time that the web waits for one statement, in seconds; for a lock or a free thread, half of it.",
    )
    worker_statement_seconds: int = Field(
        default=600,
        ge=10,
        description="Longest time that workers and beat wait for one statement of Touchstone's own database, in seconds.",
    )
    key_requests_per_minute: int = Field(
        default=120_000,
        ge=1,
        le=1_000_000,
        description="Requests that an API key may make in a minute, over all processes, unless it has a number of its own.",
    )
    webhook_loopback: bool = Field(
        default=False,
        description="Allows webhooks to this machine, also by plain http. For trying them out, never in production.",
    )
    webhook_hosts: TextList = Field(
        default=[],
        description="Hosts (`host` or `host:port`) to which webhooks may be posted, separated by commas. None by default.",
    )
    webhook_private: bool = Field(
        default=False, description="Allows webhooks to hosts of `webhook_hosts` whose names lead into a private network."
    )
    email_url: SecretStr = Field(
        default=SecretStr(""),
        description="Mail server, `smtp://user:password@host:port`, or `smtps://` for TLS from the start. Empty: no e-mail, "
        "and only the operator verifies addresses of accounts.",
    )
    email_sender: str = Field(default="touchstone@localhost", description="Address that e-mail comes from.")
    delivery_max_attempts: int = Field(
        default=8, ge=1, le=20, description="Attempts at an e-mail or a webhook before it is given up with the reason."
    )
    delivery_pause_seconds: float = Field(
        default=30.0,
        gt=0,
        le=3600,
        description="Pause after the first failed attempt, in seconds; each further one is 3 times as long.",
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")
    page_size: int = Field(
        default=50, ge=1, le=500, description="Entries on a page of the API where the caller names no `limit`."
    )

    @field_validator("public_url", "ledger_publish_url")
    @classmethod
    def demand_web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            message = "must begin with http:// or https://"
            raise ValueError(message)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def demand_networks(cls, value: list[str]) -> list[str]:
        for text in value:
            try:
                ip_network(text)
            except ValueError:
                message = "must be addresses or networks such as 10.0.0.0/8"
                raise ValueError(message) from None
        return value

    @field_validator("variables")
    @classmethod
    def demand_named_values(cls, value: list[str]) -> list[str]:
        names = [entry.partition("=")[0] for entry in value]
        if not all("=" in entry and name.isidentifier() and name.isascii() for entry, name in zip(value, names, strict=True)):
            message = "must be entries such as STAGE=production, separated by commas"
            raise ValueError(message)
        if len(set(names)) < len(names):
            message = "must give each name once"
            raise ValueError(message)
        return value

    @property
    def variables_by_name(self) -> dict[str, str]:
        return {name: text for name, _, text in (entry.partition("=") for entry in self.variables)}

    @property
    def proxy_networks(self) -> list[IPv4Network | IPv6Network]:
        return [ip_network(text) for text in self.trusted_proxies]

    @field_validator("email_url")
    @classmethod
    def demand_mail_server(cls, value: SecretStr) -> SecretStr:
        mail_server(value)
        return value

    @field_validator(
        "allowed_hosts",
        "trusted_origins",
        "trusted_proxies",
        "data_roots",
        "database_hosts",
        "connections",
        "variables",
        "webhook_hosts",
        mode="before",
    )
    @classmethod
    def split_commas(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
