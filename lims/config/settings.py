"""Spoor's settings: one file, read from the environment by typed readers, complete or not at all."""

import secrets
import sys
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from lims.common.version import VERSION
from lims.config.env import Env

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = Env()

# What only reads code (type checks, schema, missing migrations) needs no database and no secrets.
_CODE_COMMANDS = {"makemigrations", "spectacular", "collectstatic", "check", "help"}
_CODE_TOOLS = {"mypy", "dmypy"}
BUILD_ONLY = env.flag(
    "SPOOR_BUILD_ONLY",
    default=bool(_CODE_COMMANDS & set(sys.argv[1:2]) or _CODE_TOOLS & set(Path(sys.argv[0]).parts)),
)

SPOOR_HOME = env.folder("SPOOR_HOME", BASE_DIR / "var" / "lab")
SPOOR_MODE = env.choice("SPOOR_MODE", "lab", ("demo", "lab", "test"))
SPOOR_VERSION = VERSION
SPOOR_LABORATORY = env.text("SPOOR_LABORATORY", "Meridian Wildlife Forensic Laboratory" if SPOOR_MODE == "demo" else "")
SPOOR_LABORATORY_ADDRESS = env.text("SPOOR_LABORATORY_ADDRESS", "")
SPOOR_LABORATORY_ACCREDITATION = env.text("SPOOR_LABORATORY_ACCREDITATION", "")
SPOOR_LABORATORY_CODE = env.text("SPOOR_LABORATORY_CODE", "WF")
SPOOR_PUBLIC_URL = env.text("SPOOR_PUBLIC_URL", f"http://127.0.0.1:{env.number('SPOOR_HTTP_PORT', 8000)}").rstrip("/")
SPOOR_STORE_URL = env.text("SPOOR_STORE_URL", f"file://{SPOOR_HOME / 'vault'}")
SPOOR_LOG_KEY_FILE = env.folder("SPOOR_LOG_KEY_FILE", SPOOR_HOME / "secrets" / "log.key")
SPOOR_LOG_VKEY_FILE = env.folder("SPOOR_LOG_VKEY_FILE", SPOOR_HOME / "secrets" / "log.vkey")
SPOOR_PACK_KEY_FILE = env.folder("SPOOR_PACK_KEY_FILE", SPOOR_HOME / "secrets" / "pack.key")
SPOOR_PACK_VKEY_FILE = env.folder("SPOOR_PACK_VKEY_FILE", SPOOR_PACK_KEY_FILE.with_suffix(".vkey"))
SPOOR_LOG_ORIGIN = env.text("SPOOR_LOG_ORIGIN", "")
SPOOR_UPLOAD_LIMIT = env.number("SPOOR_UPLOAD_LIMIT", 4 * 1024**3)
SPOOR_RETENTION_DAYS = env.number("SPOOR_RETENTION_DAYS", 90)
SPOOR_REFERENCE_CACHE = SPOOR_HOME / "reference-cache"
SPOOR_SIGNING_FOLDER = SPOOR_HOME / "secrets" / "signing"
SPOOR_NCBI_EMAIL = env.text("SPOOR_NCBI_EMAIL", "")
SPOOR_NCBI_KEY_FILE = env.text("SPOOR_NCBI_KEY_FILE", "")
SPOOR_NCBI_SERVER = env.text("SPOOR_NCBI_SERVER", "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/")
SPOOR_SCREEN_DAYS = env.number("SPOOR_SCREEN_DAYS", 30)
SPOOR_RUN_LEASE_SECONDS = env.number("SPOOR_RUN_LEASE_SECONDS", 60)
SPOOR_WORKER_BEAT_SECONDS = env.number("SPOOR_WORKER_BEAT_SECONDS", 15)

SPOOR_TSA_URLS = env.text("SPOOR_TSA_URLS", "").replace(",", " ").split()
SPOOR_TSA_TRUST_FILE = env.text("SPOOR_TSA_TRUST_FILE", str(SPOOR_HOME / "secrets" / "tsa-roots.pem"))
SPOOR_CHECKPOINT_FOLDERS = env.text("SPOOR_CHECKPOINT_FOLDERS", "").replace(",", " ").split()
SPOOR_CHECKPOINT_MAIL = env.text("SPOOR_CHECKPOINT_MAIL", "").replace(",", " ").split()
SPOOR_ALARM_MAIL = [part for part in env.text("SPOOR_ALARM_MAIL", "").replace(",", " ").split() if part]
EMAIL_HOST = env.text("SPOOR_MAIL_HOST", "localhost")
EMAIL_PORT = env.number("SPOOR_MAIL_PORT", 25)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("SPOOR_MAIL_FROM", "spoor@localhost")

SECRET_KEY = env.secret_file("SPOOR_SECRET_KEY_FILE", SPOOR_HOME / "secrets" / "django.key")
if not SECRET_KEY:
    if BUILD_ONLY:
        SECRET_KEY = secrets.token_urlsafe(50)
    else:
        env.problems.append(
            "SPOOR_SECRET_KEY_FILE is not set and SPOOR_HOME holds no secrets/django.key; start with «make up»"
        )
DEBUG = env.flag("SPOOR_DEBUG", default=False)

_public = SPOOR_PUBLIC_URL.split("://", 1)[-1].split("/")[0].split(":")[0]
ALLOWED_HOSTS = sorted({*env.listed("SPOOR_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]"), _public})
CSRF_TRUSTED_ORIGINS = [SPOOR_PUBLIC_URL]
_https = SPOOR_PUBLIC_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.flag("SPOOR_BEHIND_PROXY", default=False) else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_NAME = "spoor_session"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
X_FRAME_OPTIONS = "DENY"
# Redirects to HTTPS and HSTS for subdomains are the proxy's: embedded, Spoor serves loopback only.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "chain_of_custody.apps.ChainOfCustodyConfig",
    "lims.accounts.apps.AccountsConfig",
    "lims.casework.apps.CaseworkConfig",
    "lims.lab.apps.LabConfig",
    "lims.links.apps.LinksConfig",
    "lims.disclosure.apps.DisclosureConfig",
    "lims.reporting.apps.ReportingConfig",
    "lims.api.apps.ApiConfig",
    "lims.web.apps.WebConfig",
    "lims.demonstration.apps.DemonstrationConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lims.web.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "lims.accounts.middleware.ActorMiddleware",
    "lims.web.middleware.LaboratoryZoneMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "lims.web.middleware.RefusalMiddleware",
]
CSRF_FAILURE_VIEW = "lims.web.views.errors.csrf_failure"
ROOT_URLCONF = "lims.config.urls"
WSGI_APPLICATION = "lims.config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.template.context_processors.i18n",
                "django.template.context_processors.tz",
                "lims.web.context.frame",
            ],
        },
    }
]

_app = env.database("SPOOR_DATABASE_URL", required=not BUILD_ONLY)
_owner = env.database("SPOOR_OWNER_DATABASE_URL", required=False)
DATABASES: dict[str, Any] = {"default": _app or {"ENGINE": "django.db.backends.postgresql", "NAME": "spoor"}}
if _owner:
    DATABASES["owner"] = _owner | {"CONN_MAX_AGE": 0, "TEST": {"MIRROR": "default"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if SPOOR_MODE == "test"
    else [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "lims" / "web" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("SPOOR_TIME_ZONE", "Africa/Nairobi" if SPOOR_MODE == "demo" else "UTC")

STATIC_URL = "/static/"
STATIC_ROOT = SPOOR_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if SPOOR_MODE == "test" or DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = SPOOR_MODE == "test" or DEBUG
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = str(SPOOR_HOME / "tmp") if (SPOOR_HOME / "tmp").is_dir() else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000
DATA_UPLOAD_MAX_NUMBER_FILES = 800  # a plate of 384 pairs, one by one

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "lims.api.authentication.TokenAuthentication",
        "lims.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["lims.api.authentication.SignedIn"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "lims.api.problems.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Spoor",
    "DESCRIPTION": "Custody, evidence and analyses of a wildlife-forensics laboratory.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [],  # enums stay where they are used: their names would collide
}

CELERY_BROKER_URL = env.text("SPOOR_BROKER_URL", "memory://" if BUILD_ONLY or SPOOR_MODE == "test" else None)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "quick"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "global_keyprefix": env.text("SPOOR_BROKER_PREFIX", "spoor:"),
        "visibility_timeout": 300,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
    }
    if CELERY_BROKER_URL.startswith(("redis", "unix"))
    else {}
)
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_ROUTES = {
    "lims.lab.run_execute": {"queue": "analysis"},
    "lims.lab.reference_build": {"queue": "analysis"},
    "lims.lab.law_import": {"queue": "analysis"},
    "lims.links.search_execute": {"queue": "analysis"},
    "lims.disclosure.pack_build": {"queue": "disclosure"},
    "lims.casework.vault_audit": {"queue": "disclosure"},
    "lims.accounts.ledger_check": {"queue": "disclosure"},
    "lims.accounts.ledger_check_nightly": {"queue": "disclosure"},
    "lims.casework.holds_settle": {"queue": "disclosure"},
}
_CLOCK = {
    "lims.lab.runs_sweep": 10.0,
    "lims.links.searches_sweep": 30.0,
    "lims.disclosure.packs_sweep": 30.0,
    "lims.accounts.access_log_anchor": 3600.0,
    "lims.accounts.checkpoints_stamp": 600.0,
    "lims.casework.retention_extend": 86400.0,
    "lims.casework.holds_settle": 120.0,
}
# What could not begin before its next turn is dropped: a stopped worker does not find a heap of sweeps.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    task.rpartition(".")[2]: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for task, seconds in _CLOCK.items()
}
CELERY_BEAT_SCHEDULE["vault_audit"] = {
    "task": "lims.casework.vault_audit",
    "schedule": crontab(hour="2", minute="17"),
    "options": {"expires": 86400.0},
}
CELERY_BEAT_SCHEDULE["checkpoint_give_away"] = {
    "task": "lims.accounts.checkpoint_give_away",
    "schedule": crontab(hour="18", minute="0"),
    "options": {"expires": 86400.0},
}
CELERY_BEAT_SCHEDULE["ledger_check_nightly"] = {
    "task": "lims.accounts.ledger_check_nightly",
    "schedule": crontab(hour="1", minute="20"),
    "options": {"expires": 86400.0},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {"pyhanko": {"level": "ERROR"}, "pyhanko_certvalidator": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": env.text("SPOOR_LOG_LEVEL", "INFO")},
}

env.raise_problems()
