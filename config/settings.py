"""All settings of Tandem. Each one that the operator may set is read from the environment (docs/settings.md)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy

from config.env import BASE_DIR, DATA_DIR, env, secret, text, truth, whole_number, words
from config.navigation import NAVIGATION

DATA_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = truth("DEBUG", False)
SECRET_KEY = secret("SECRET_KEY")
FIELD_ENCRYPTION_KEYS = words("FIELD_ENCRYPTION_KEYS")
ALLOWED_HOSTS = [*words("ALLOWED_HOSTS"), "localhost", "127.0.0.1", "[::1]"]  # health checks come from this machine
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "csp",
    "corsheaders",
    "django_celery_beat",
    "crm",
    "leads",
    "dialer",
    "integrations",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crm.audit.origin_of_request",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # widgets of ours have templates, too

# --- Database ---------------------------------------------------------------------------------------------------
# SQLite by default; all three options are needed against "database is locked" under several writers.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;PRAGMA journal_size_limit=67108864;"
    ),
}
DATABASE_URL = text("DATABASE_URL")
DATABASES = {
    "default": env.db_url_config(DATABASE_URL)
    if DATABASE_URL
    else {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATA_DIR / "tandem.sqlite3")}
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
else:
    # A pool serves a web process with many threads; a worker keeps its connections instead (prefork drops pools).
    DATABASE_POOL = truth("DATABASE_POOL", False)
    DATABASES["default"]["CONN_MAX_AGE"] = 0 if DATABASE_POOL else 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    if DATABASE_POOL:
        DATABASES["default"]["OPTIONS"] = {"pool": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- People -----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "crm.User"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
SESSION_COOKIE_HTTPONLY = True
# Behind a proxy that ends HTTPS: cookies travel encrypted only, and the proxy's word about the scheme is believed.
BEHIND_HTTPS = truth("BEHIND_HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

# --- Content security policy: strict but where Unfold's Alpine needs eval and inline styles --------------------------
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": ["/admin/", "/api/docs/"],  # Swagger UI sets styles of its own
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],  # Tabler's style sheet holds its small drawings as data
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

# --- Words and times --------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = text("TIME_ZONE", "UTC")
USE_I18N = True
FILTERS_EMPTY_CHOICE_LABEL = gettext_lazy("Any")
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]

# --- Files ------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = text("STATIC_ROOT", str(DATA_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = not any(Path(STATIC_ROOT).iterdir())  # collected files are served when there are any
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

# --- Celery: the bell, not the truth ----------------------------------------------------------------------------
REDIS_URL = text("REDIS_URL")
BROKER_DIR = DATA_DIR / "broker"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object]
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    # visibility_timeout outlasts the longest task; the sweep of un-acked messages would else come every 100 s only.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
    }
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
else:
    for folder in ("messages", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.2,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "integrations.push_model": {"queue": "push"},
    "integrations.push_due": {"queue": "push"},
    "integrations.poll_due": {"queue": "pull"},
    "integrations.compare_ids": {"queue": "pull"},
    "integrations.sweep": {"queue": "pull"},
    "integrations.check_key": {"queue": "pull"},
    "integrations.look_for_companies": {"queue": "pull"},
    "integrations.read_back": {"queue": "hooks"},
    "integrations.deliver": {"queue": "hooks"},
    "integrations.deliver_due": {"queue": "hooks"},
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_BEAT_SCHEDULE = {
    "push-due": {
        "task": "integrations.push_due",
        "schedule": timedelta(seconds=2),
        "options": {"expires": 2},
    },
    "read-back": {
        "task": "integrations.read_back",
        "schedule": timedelta(seconds=2),
        "options": {"expires": 2},
    },
    "deliver-due": {
        "task": "integrations.deliver_due",
        "schedule": timedelta(seconds=2),
        "options": {"expires": 2},
    },
    "poll-due": {
        "task": "integrations.poll_due",
        "schedule": timedelta(seconds=5),
        "options": {"expires": 5},
    },
    "compare-ids": {"task": "integrations.compare_ids", "schedule": timedelta(hours=1)},
    "sweep": {"task": "integrations.sweep", "schedule": timedelta(hours=24)},
    "check-key": {"task": "integrations.check_key", "schedule": timedelta(hours=12)},
    "look-for-companies": {
        "task": "integrations.look_for_companies",
        "schedule": timedelta(seconds=60),
        "options": {"expires": 60},
    },
    "log-webhooks": {
        "task": "integrations.log_webhooks",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "watch": {
        "task": "integrations.watch",
        "schedule": timedelta(seconds=60),
        "options": {"expires": 60},
    },
    "undo-due": {
        "task": "integrations.undo_due",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},
    },
    "work-off": {
        "task": "crm.work_off",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},
    },
    "prune": {"task": "integrations.prune", "schedule": timedelta(hours=6)},
}

# --- Mail: alerts. Without a host none is sent ------------------------------------------------------------------
EMAIL_HOST = text("EMAIL_HOST")
EMAIL_PORT = whole_number("EMAIL_PORT", 587, low=1, high=65535)
EMAIL_HOST_USER = text("EMAIL_USERNAME")
EMAIL_HOST_PASSWORD = text("EMAIL_PASSWORD")
EMAIL_SECURITY = text("EMAIL_SECURITY", "starttls")
if EMAIL_SECURITY not in ("starttls", "tls", "none"):
    raise ImproperlyConfigured(f"EMAIL_SECURITY must be starttls, tls or none, not {EMAIL_SECURITY!r}.")
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL_SECURITY == "starttls", EMAIL_SECURITY == "tls"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = text("EMAIL_FROM", "tandem@localhost")

# --- Odoo -------------------------------------------------------------------------------------------------------
ODOO_URL = text("ODOO_URL")
ODOO_PUBLIC_URL = text("ODOO_PUBLIC_URL")
ODOO_DB = text("ODOO_DB")
ODOO_USERNAME = text("ODOO_USERNAME")
ODOO_API_KEY = text("ODOO_API_KEY")
ODOO_TRANSPORT = text("ODOO_TRANSPORT", "auto")
ODOO_ALLOWED_HOSTS = words("ODOO_ALLOWED_HOSTS")
ODOO_WEBHOOK_KEYS = words("ODOO_WEBHOOK_KEYS")
ODOO_POLL_SECONDS = whole_number("ODOO_POLL_SECONDS", 60, low=5, high=3600)
ODOO_OVERLAP_SECONDS = whole_number("ODOO_OVERLAP_SECONDS", 300, low=10, high=86400)
ODOO_HOLD_SECONDS = whole_number("ODOO_HOLD_SECONDS", 150, low=1, high=3600)
ODOO_PAGE_SIZE = whole_number("ODOO_PAGE_SIZE", 1000, low=50, high=5000)
ODOO_BATCH_SIZE = whole_number("ODOO_BATCH_SIZE", 200, low=1, high=1000)
ODOO_SLOW_SECONDS = whole_number("ODOO_SLOW_SECONDS", 30, low=1, high=600)
ODOO_SAFETY_PERCENT = whole_number("ODOO_SAFETY_PERCENT", 2, low=1, high=100)
ODOO_SAFETY_RECORDS = whole_number("ODOO_SAFETY_RECORDS", 50, low=1, high=1000000)
UNDO_DAYS = whole_number("UNDO_DAYS", 30, low=1, high=3650)
# Where outgoing webhooks may go besides public addresses by https. Any user may type one, so the operator decides.
WEBHOOK_ALLOWED_HOSTS = words("WEBHOOK_ALLOWED_HOSTS")
WEBHOOK_MAX_BYTES = whole_number("WEBHOOK_MAX_BYTES", 262144, low=1024, high=10485760)

# --- The REST API -----------------------------------------------------------------------------------------------
API_REQUESTS_PER_MINUTE = whole_number("API_REQUESTS_PER_MINUTE", 600, low=1, high=1000000)
API_SIGN_INS_PER_MINUTE = whole_number("API_SIGN_INS_PER_MINUTE", 20, low=1, high=1000000)
# Web pages of other origins that may call the API from a browser, with a token: none unless they are named.
CORS_ALLOWED_ORIGINS = words("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/api/v1/"
CORS_ALLOW_HEADERS = ("accept", "authorization", "content-type", "idempotency-key", "if-match", "if-none-match")
CORS_EXPOSE_HEADERS = ("etag", "location", "retry-after", "idempotent-replayed")
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "crm.api.personal_tokens.PersonalTokens",
        "rest_framework_simplejwt.authentication.JWTAuthentication",
        "crm.api.access.SignedIn",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "crm.api.errors.answer",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "CHECK_REVOKE_TOKEN": True,  # a new password ends all tokens
    "USER_ID_FIELD": "uuid",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Tandem",
    "DESCRIPTION": "The CRM that rides with Odoo. How to use it: docs/api.md.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "SCHEMA_PATH_PREFIX_INSERT": "",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "PriorityEnum": "crm.models.Priority",
        "TaskPriorityEnum": "crm.models.Task.Priority",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "crm.api.schema.describe_refusals",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.LineFormatter"}, "json": {"()": "config.logs.JsonFormatter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json" if truth("LOG_JSON", False) else "line"}
    },
    "root": {"handlers": ["console"], "level": text("LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx2": {"level": "WARNING"},
        "httpcore2": {"level": "WARNING"},
        # The development server's lines hold whole addresses: ours hide the webhook's key in them.
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "kombu.connection": {"level": "ERROR"},  # warns that the filesystem broker has no host name
        # Beat rings every two seconds: three lines each time would bury all others.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}

UNFOLD = {
    "SITE_TITLE": "Tandem",
    "SITE_HEADER": "Tandem",
    "SITE_SUBHEADER": "The CRM that rides with Odoo",
    "SITE_URL": "/",
    "SITE_SYMBOL": "sync_alt",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("tandem/icon.svg")},
    ],
    "SHOW_HISTORY": False,
    "DASHBOARD_CALLBACK": "crm.admin.home.home",
    "STYLES": [
        lambda request: static("tandem/admin.css"),
        lambda request: static("tandem/chip.css"),
        lambda request: static("tandem/sync.css"),
    ],
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": NAVIGATION},
}
ADMIN_INDEX_URL = reverse_lazy("admin:index")
