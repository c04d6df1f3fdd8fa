"""All settings in one file; what differs between machines comes from the environment (see .env.example)."""

from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF

from config.environment import KEYS_HINT, database, env, env_bool, env_list, key_ring
from config.map_tiles import origins, tile_layers

BASE_DIR = Path(__file__).resolve().parent.parent

# --- What this machine is

START_HINT = "Start with `make run` (it brings its own servers), or set it in the environment or in .env."

DEBUG = env_bool("DEBUG")
DEMO = env_bool("DEMO")
HTTPS = env_bool("HTTPS")
# Which file of governance/profiles says what this place calls things, who commands and who covers a grid.
PLACE = env("PLACE", "panlong")
DATA_DIR = Path(env("DATA_DIR", str(BASE_DIR / ".data")))

SECRET_KEY = env(
    "SECRET_KEY",
    "only-for-debugging-never-in-production-0123456789abcdef" if DEBUG else None,
    hint="It signs sessions; set a long random text and keep it. " + START_HINT,
)
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
DATABASES = {"default": database(env("DATABASE_URL", hint=START_HINT))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env("REDIS_URL", hint=START_HINT)

# --- Apps

INSTALLED_APPS = [
    *(["demo"] if DEMO else []),
    "field",
    "desk",
    "dashboard",
    "partybuilding",
    "appraisal",
    "cases",
    "patrols",
    "exports",
    "neighbourhoods",
    "grid",
    "governance",
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "leaflet",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    # Without the proxy that HTTPS stands for, anybody could write that header.
    *(["config.proxy.ClientAddress"] if HTTPS else []),
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "governance.middleware.NotStored",
    "csp.middleware.CSPMiddleware",
    "config.input.ReadableInput",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "governance.middleware.Sessions",
    "governance.middleware.AskedToWait",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

# Pages of our own are Jinja2 (docs/decisions/0007); Django's language stays for the admin and other packages.
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,  # Django's own widgets
        "OPTIONS": {
            "environment": "config.templates.environment",
            "context_processors": [
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "governance.context.page",
            ],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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

# Widgets of our own stand among the other templates.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Language and time

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
# Every form, model and package asks gettext for its sentences: ours come first (docs/decisions/0020).
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]

# --- Accounts

AUTH_USER_MODEL = "governance.User"
PASSWORD_HASHERS = ["governance.hashing.SharedArgon2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "governance.passwords.LongEnough", "OPTIONS": {"min_length": 10}},
    {
        "NAME": "governance.passwords.NotPersonal",
        "OPTIONS": {"user_attributes": ("username", "name", "email")},
    },
    {"NAME": "governance.passwords.NotCommon"},
    {"NAME": "governance.passwords.NotOnlyDigits"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"

# Sessions and counts of failed tries (governance/signing_in.py) live in PostgreSQL: people can log in while Redis is away.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
# Sessions end after 12 hours (governance/sessions.py); for another hour it is known whose form comes too late.
SESSION_COOKIE_AGE = 13 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "governance.views.form_too_old"

# Personal data are encrypted with the newest key; older versions stay readable (docs/decisions/0010).
FIELD_KEYS = key_ring(
    env(
        "FIELD_KEYS",
        "1:R3JpZExvb3Agb25seS1mb3ItZGVidWdnaW5nIDEyMzQ=" if DEBUG else None,
        hint="It encrypts personal data. " + KEYS_HINT,
    )
)

# --- Transport and browser rules

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
if HTTPS:
    # The proxy of docker-compose.yml ends TLS and overwrites this header; nobody else reaches the web process.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# The base map: a PMTiles file in this folder, tiles of others, else our own outlines (cases/base_map.py).
MAP_FOLDER = Path(env("MAP_FOLDER", str(DATA_DIR)))
MAP_TILE_LAYERS = tile_layers(
    tianditu_key=env("TIANDITU_KEY", ""),
    tianditu_address=env("TIANDITU_ADDRESS", "https://t{s}.tianditu.gov.cn"),
    tiles=env("MAP_TILES", ""),
    tiles_datum=env("MAP_TILES_DATUM", "wgs84"),
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *origins(MAP_TILE_LAYERS)],
        "font-src": [SELF, "data:"],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# --- Files

NODE_MODULES = BASE_DIR / "node_modules"
STATIC_URL = "/static/"
STATIC_ROOT = Path(env("STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "config.staticfiles.VendorFinder",
]
# Served path → file in node_modules, one by one: what stands here has a user, and nothing else is ever served.
VENDOR_FILES = {
    "vendor/echarts/echarts.common.min.js": "echarts/dist/echarts.common.min.js",
    "vendor/htmx/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "vendor/idb/index.js": "idb/build/index.js",
    "vendor/protomaps/protomaps-leaflet.js": "protomaps-leaflet/dist/protomaps-leaflet.js",
}
# Tests and `runserver` read static files where they lie; everything else takes the collected, hashed copies.
PLAIN_STATIC = env_bool("PLAIN_STATIC", DEBUG)
WHITENOISE_USE_FINDERS = PLAIN_STATIC
WHITENOISE_AUTOREFRESH = PLAIN_STATIC
# Browsers take a site among their apps only by a manifest of its own type.
WHITENOISE_MIMETYPES = {".webmanifest": "application/manifest+json"}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if PLAIN_STATIC
        else "config.staticfiles.HashedStaticFilesStorage"
    },
}
# Uploads lie outside the static files: only a view that checks the viewer hands them out.
MEDIA_ROOT = Path(env("MEDIA_ROOT", str(DATA_DIR / "media")))
# A font with Chinese characters for marks on photos; empty looks for those of Debian's packages (records/marking.py).
MARK_FONT = env("MARK_FONT", "")
FILE_UPLOAD_PERMISSIONS = 0o640
# What the proxy lets through stays in memory: a full disk must not lose the words that came with a picture.
FILE_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- Interfaces for programs

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["cases.authentication.ProgramKey", "cases.parsing.SameSite"],
    "DEFAULT_PERMISSION_CLASSES": ["cases.authentication.SignedInOrOpenToPrograms"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PARSER_CLASSES": ["cases.parsing.PlainJSON"],
    "EXCEPTION_HANDLER": "cases.api_errors.refusal_response",
    "DEFAULT_PAGINATION_CLASS": "cases.paging.CappedPagination",
    "PAGE_SIZE": 20,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "GridLoop 网格闭环",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,  # a file is bytes in a request and an address in an answer
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {"StateEnum": "cases.workflow.State"},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "cases.description.refusals",
    ],
}
LEAFLET_CONFIG = {"TILES": [], "MINIMAP": False, "RESET_VIEW": False}

# Where the supervisor of `make run` writes how the processes are; elsewhere nobody here can know.
SERVICES_FILE = env("SERVICES_FILE", "")

# --- Celery

SWEEP_SECONDS = float(env("SWEEP_SECONDS", "5"))
RELAY_SECONDS = float(env("RELAY_SECONDS", "5"))
TALLY_SECONDS = float(env("TALLY_SECONDS", "5"))

CELERY_BROKER_URL = REDIS_URL
CELERY_TIMEZONE = TIME_ZONE
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 240  # below the visibility timeout, else a slow task would run twice
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A web request must not wait for a dead broker: one short try, then the beat's relay picks the work up.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "max_retries": 0,
}
CELERY_BEAT_SCHEDULER = "config.heartbeats:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "cases.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": max(SWEEP_SECONDS * 2, 10)},
    },
    "relay": {
        "task": "governance.tasks.relay",
        "schedule": RELAY_SECONDS,
        "options": {"expires": max(RELAY_SECONDS * 2, 10)},
    },
    "tallies": {
        "task": "appraisal.tasks.tally",
        "schedule": TALLY_SECONDS,
        "options": {"expires": max(TALLY_SECONDS * 2, 10)},
    },
    "recounts": {"task": "appraisal.tasks.recount", "schedule": 5.0, "options": {"expires": 10}},
    # Looks of the night: each day is looked at once; the later hours are for nights in which nobody was there.
    "warnings": {"task": "appraisal.tasks.find_warnings", "schedule": crontab(minute=5, hour="2-23")},
    "repeats": {"task": "appraisal.tasks.find_repeats", "schedule": crontab(minute=10, hour="2-23")},
    "missed": {"task": "appraisal.tasks.find_missed", "schedule": crontab(minute=15, hour="2-23")},
    "recounts_of_the_night": {
        "task": "appraisal.tasks.ask_recounts",
        "schedule": crontab(minute=25, hour="2-23"),
    },
    "anchor": {"task": "cases.tasks.anchor", "schedule": crontab(hour=2, minute=10)},
    "orphans": {"task": "cases.tasks.remove_orphans", "schedule": crontab(hour=3, minute=10)},
    "exports": {"task": "exports.tasks.make", "schedule": 3.0, "options": {"expires": 6}},
    "old_exports": {"task": "exports.tasks.forget_old", "schedule": crontab(hour=4, minute=0)},
    "marks": {"task": "cases.tasks.mark_photos", "schedule": 20.0, "options": {"expires": 20}},
    "words": {"task": "cases.tasks.learn_words", "schedule": crontab(hour=3, minute=30)},
    "patrols": {"task": "patrols.tasks.forget_old", "schedule": crontab(hour=3, minute=50)},
    "tidy": {"task": "governance.tasks.tidy", "schedule": crontab(minute=40)},
    "ladders": {
        "task": "partybuilding.tasks.sweep",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": max(SWEEP_SECONDS * 2, 10)},
    },
    "watchdog": {"task": "partybuilding.tasks.watch", "schedule": 60.0, "options": {"expires": 60}},
    "lapse": {"task": "partybuilding.tasks.lapse", "schedule": crontab(minute=20)},
    "whistle_orphans": {"task": "partybuilding.tasks.remove_orphans", "schedule": crontab(hour=3, minute=20)},
    "rosters": {"task": "partybuilding.tasks.look_at_rosters", "schedule": crontab(hour=3, minute=40)},
}

# --- Log

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "one_line": {"()": "config.logs.OneLine"},
        "unavailable": {"()": "config.logs.Unavailable"},
    },
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s", "datefmt": "%H:%M:%S"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.request": {"filters": ["unavailable"]},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING", "filters": ["one_line"]},
        "celery.worker.consumer.consumer": {"filters": ["one_line"]},
    },
}
