"""Django settings of an installation; everything that differs between installations comes from the environment.

The entry points (civicloop.ops.cli, civicloop.ops.wsgi, the tests) put DATABASE_URL in place before Django starts.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from civicloop.ops import logs

ROOT = Path(__file__).resolve().parent.parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR", ROOT / "var")).absolute()


# generic plans have no values to judge by: what reads a few hundred rows would start processes beside it that cost more
# than the rows, so that only what goes through whole tables (checks, counting anew) may
SESSION = "-c plan_cache_mode=force_generic_plan -c jit=off -c parallel_setup_cost=100000 -c timezone=UTC"


def database(url: str) -> dict[str, Any]:
    """Django's connection settings of a postgresql:// address; an empty address gives one that refuses to connect."""
    parts = urlsplit(url or "postgresql://nobody@127.0.0.1:1/DATABASE_URL-is-not-set")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "127.0.0.1",
        "PORT": str(parts.port or 5432),
        "CONN_MAX_AGE": None,
        # psycopg prepares nothing unless told to; statements by matter id ask for it (foundation.hot)
        "OPTIONS": {
            "prepare_threshold": 0,
            "options": SESSION,
        },
    }


def secret_key() -> str:
    """The signing key of this installation: from the environment, or made once in the data folder."""
    from_environment = os.environ.get("CIVICLOOP_SECRET_KEY")
    if from_environment:
        return from_environment
    from civicloop.foundation.keyfile import read_or_make

    return read_or_make(DATA_DIR / "keys" / "signing.key").hex()


DATABASES = {"default": database(os.environ.get("DATABASE_URL", ""))}
SECRET_KEY = secret_key()
DEBUG = os.environ.get("CIVICLOOP_DEBUG", "") == "1"
ALLOWED_HOSTS = os.environ.get("CIVICLOOP_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("CIVICLOOP_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "ninja",
    "civicloop.foundation",
    "civicloop.places",
    "civicloop.calendars",
    "civicloop.records",
    "civicloop.ui",
    "civicloop.people",
    "civicloop.catalogue",
    "civicloop.procedures",
    "civicloop.evidence",
    "civicloop.matters",
    "civicloop.receipts",
    "civicloop.figures",
    "civicloop.notices",
    "civicloop.search",
    "civicloop.classifier",
    "civicloop.deskwork",
    "civicloop.supervision",
    "civicloop.onemap",
    "civicloop.steering",
    "civicloop.site",
    "civicloop.api",
    "civicloop.ops",
]
MIDDLEWARE = [
    "civicloop.ops.middleware.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "civicloop.ops.middleware.CityTime",
    "civicloop.ops.middleware.NoZeroBytes",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "civicloop.people.middleware.StaffSessions",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]
ROOT_URLCONF = "civicloop.ops.urls"
FORM_RENDERER = "civicloop.ui.form_renderer.Renderer"
WSGI_APPLICATION = "civicloop.ops.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "civicloop.ui.context.shell",
            ],
            "builtins": ["django.templatetags.i18n", "civicloop.ui.templatetags.ui"],
        },
    }
]

AUTH_USER_MODEL = "people.Account"
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# the city's own sign-in service (people.oidc); the secret may lie in a file
OIDC_ISSUER = os.environ.get("CIVICLOOP_OIDC_ISSUER", "")
OIDC_CLIENT_ID = os.environ.get("CIVICLOOP_OIDC_CLIENT_ID", "")
OIDC_SECRET_FILE = os.environ.get("CIVICLOOP_OIDC_CLIENT_SECRET_FILE", "")
OIDC_SECRET = (
    Path(OIDC_SECRET_FILE).read_text(encoding="utf-8").strip()
    if OIDC_SECRET_FILE
    else os.environ.get("CIVICLOOP_OIDC_CLIENT_SECRET", "")
)
OIDC_HOSTS = os.environ.get("CIVICLOOP_OIDC_HOSTS", "").split(",")

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"  # until the city says otherwise (foundation.locality); the database is in UTC

BEHIND_PROXY = os.environ.get("CIVICLOOP_BEHIND_PROXY", "") == "1"
STATIC_URL = "/static/"
STATIC_ROOT = None  # files are served from the rooms themselves
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = os.environ.get("CIVICLOOP_HTTPS", "") == "1"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'self'"],
        "object-src": ["'none'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_TEMP_DIR = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "django.test.runner.DiscoverRunner"

LOGGING = logs.configuration()
METRICS_TOKEN = os.environ.get("CIVICLOOP_METRICS_TOKEN", "")

# photos and files in an S3-compatible store instead of DATA_DIR (docs/operations.md)
S3_BUCKET = os.environ.get("CIVICLOOP_S3_BUCKET", "")
S3_PREFIX = os.environ.get("CIVICLOOP_S3_PREFIX", "")
S3_ENDPOINT = os.environ.get("CIVICLOOP_S3_ENDPOINT", "")
S3_REGION = os.environ.get("CIVICLOOP_S3_REGION", "")
S3_KEY_ID = os.environ.get("CIVICLOOP_S3_KEY_ID", "")
S3_SECRET_FILE = os.environ.get("CIVICLOOP_S3_SECRET_FILE", "")

# notices (docs/notices.md): where messages lead to, and by which channels they leave; without one they become files
ADDRESS = os.environ.get("CIVICLOOP_ADDRESS", "").rstrip("/")
SMTP_HOST = os.environ.get("CIVICLOOP_SMTP_HOST", "")
SMTP_PORT = int(os.environ.get("CIVICLOOP_SMTP_PORT", "587"))
SMTP_USER = os.environ.get("CIVICLOOP_SMTP_USER", "")
SMTP_PASSWORD_FILE = os.environ.get("CIVICLOOP_SMTP_PASSWORD_FILE", "")
SMTP_FROM = os.environ.get("CIVICLOOP_SMTP_FROM", "")
SMS_URL = os.environ.get("CIVICLOOP_SMS_URL", "")
SMS_SECRET_FILE = os.environ.get("CIVICLOOP_SMS_SECRET_FILE", "")
CHAT_FILE = os.environ.get("CIVICLOOP_CHAT_FILE", "")
NOTICE_HOSTS = os.environ.get("CIVICLOOP_NOTICE_HOSTS", "").split(",")
