"""Django's settings: one module for every installation, all differences come from `config.environment`."""

import sys
from typing import Any

import pghistory
from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import ValidationError

from config.admin_navigation import UNFOLD  # noqa: F401  unfold reads it here
from config.environment import PROJECT_ROOT, Environment, faults_of, mail_server
from config.sessions import LONGEST_SECONDS

try:
    ENVIRONMENT = Environment()
except ValidationError as error:
    message = (
        f"The environment cannot be used: {faults_of(error)}. The README's configuration table says what each variable takes."
    )
    raise ImproperlyConfigured(message) from None

# After the check above, so that a wrong variable is reported as a sentence. Sets the application of every `shared_task`.
from config import celery as celery_application  # noqa: F401

BASE_DIR = PROJECT_ROOT
TOUCHSTONE = ENVIRONMENT  # what the apps read: they know Django's settings, never the environment itself
DEBUG = ENVIRONMENT.debug
# Commands that only read code (makemigrations, spectacular) need no secret; everything that serves or signs does.
SECRET_KEY = ENVIRONMENT.secret_key.get_secret_value() or ("insecure-debug-key-" * 4 if DEBUG else "")
if not SECRET_KEY and "pytest" not in sys.modules:
    message = (
        "TOUCHSTONE_SECRET_KEY is not set. Set it to 50 random characters or more, or start through bin/up, which makes one."
    )
    raise ImproperlyConfigured(message)
SECRET_KEY = SECRET_KEY or "only-for-tests-" * 5
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENVIRONMENT.trusted_origins

INSTALLED_APPS = [
    "catalog",
    "trust",
    "api",
    "unfold",
    "unfold.contrib.filters",
    "config.admin_app.AdminPagesConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "csp",
]
AUTH_USER_MODEL = "catalog.Person"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "api.problems.RequestIdMiddleware",
    "api.repeated_answers.RepeatedAnswerMiddleware",  # ahead of everything that such an answer does not need
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.csp.PolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.sessions.SessionLimitsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "axes.middleware.AxesMiddleware",
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_HANDLER = "config.sign_in.SignInHandler"
AXES_CLIENT_IP_CALLABLE = "config.sign_in.client_address"
AXES_LOCKOUT_CALLABLE = "config.sign_in.has_to_wait"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"  # of `runserver`; granian serves `config.web.application`
APPEND_SLASH = True  # for the admin; the API has no trailing slashes

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def server_of(variable: str, url: str) -> dict[str, Any]:
    """The part of Django's database entry that a libpq URL gives, with prepared statements on the server."""
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError:  # whose words may quote the password
        message = f"{variable} is not a connection URL of PostgreSQL, such as postgresql://user:password@host:5432/database."
        raise ImproperlyConfigured(message) from None
    known = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    entry: dict[str, Any] = {name: str(parts.pop(key, "")) for name, key in known.items()}
    # Django leaves prepared statements off: `prepare_threshold` None makes psycopg ignore `prepare=True`.
    options = {**parts, "server_side_binding": True, "prepare_threshold": 5, "application_name": "touchstone"}
    return {**entry, "OPTIONS": options}


_SERVER = server_of("DATABASE_URL", ENVIRONMENT.database_url.get_secret_value())
DATABASES = {
    "default": {
        "ENGINE": "config.postgresql",
        **_SERVER,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": f"test_{_SERVER['NAME']}"},
    }
}
# Where `migrate` connects instead, as the owner of the tables (`config.command_line`); None where there is one role only.
_OWNER_URL = ENVIRONMENT.owner_database_url.get_secret_value().strip()
OWNER_SERVER = server_of("TOUCHSTONE_OWNER_DATABASE_URL", _OWNER_URL) if _OWNER_URL else None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # where the page of the login was opened by its own address

EMAIL_TIMEOUT = 10  # seconds for each step; `trust.notices.services.delivery` counts on it
DEFAULT_FROM_EMAIL = ENVIRONMENT.email_sender
_MAIL = mail_server(ENVIRONMENT.email_url)
EMAIL_HOST, EMAIL_PORT = _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, _MAIL.password
EMAIL_USE_SSL, EMAIL_USE_TLS = _MAIL.is_tls, _MAIL.starts_tls

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
FORMAT_MODULE_PATH = ["config.formats"]
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".local" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

# The history of the claims: written by triggers for every insert, update and delete, and nobody can change it afterwards.
PGHISTORY_APPEND_ONLY = True
PGHISTORY_DEFAULT_TRACKERS = (pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
PGTRIGGER_MIGRATIONS = False  # `catalog.triggers` installs what the models declare, after migrations

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = LONGEST_SECONDS  # `config.sessions` ends them earlier
# By the prefix browsers make sure that no other host of the domain has set it.
SESSION_COOKIE_NAME = "__Host-sessionid" if ENVIRONMENT.https else "sessionid"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = ENVIRONMENT.https
if ENVIRONMENT.https:
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["api.access.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["api.bodies.JsonBody"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "api.negotiation.OneRepresentation",
    "DEFAULT_SCHEMA_CLASS": "api.inspection.TouchstoneSchema",
    "EXCEPTION_HANDLER": "api.errors.drf_exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Touchstone",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "api.schema.add_problems"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "Scope": "catalog.rules.scopes.Scope",
        "PolicyStatus": "catalog.models.PolicyStatus",
        "PersonRole": "catalog.rules.roles.PersonRole",
        "RunCause": "trust.models.RunCause",
        "CheckStatus": "trust.vocabulary.CheckStatus",
        "EvidenceStatus": "trust.vocabulary.EvidenceStatus",
        **{
            word: f"catalog.rules.vocabulary.{word}"
            for word in (
                "AgreementStatus",
                "Autonomy",
                "Better",
                "Cadence",
                "ConsumerKind",
                "ConsumerStatus",
                "DeliveryChannel",
                "DeliveryStatus",
                "Dimension",
                "Effect",
                "Lifecycle",
                "LogicalType",
                "Sensitivity",
                "Severity",
                "UseCaseStage",
            )
        },
        "SourceKind": "catalog.rules.vocabulary.SourceKind",
        **{
            word: f"trust.vocabulary.{word}"
            for word in (
                "Answer",
                "DecisionChannel",
                "Gap",
                "GateName",
                "Grade",
                "IncidentEntryKind",
                "IncidentRule",
                "Misuse",
                "ReadinessLevel",
                "ReadinessQuestion",
                "RecallStatus",
                "Role",
                "RunStatus",
                "StageMoveStatus",
                "UseAction",
                "VerdictStatus",
                "WaiverStatus",
            )
        },
        "ApprovalPart": "catalog.rules.agreement.Part",
    },
    "DESCRIPTION": "One accountable answer: is this data product production-grade, for me, for this purpose, right now?",
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": ENVIRONMENT.log_level},
}
