"""The house with one more door, an empty authenticated view, and a count of statements for who asks for it."""

from config.settings import *  # noqa: F403
from config.settings import MIDDLEWARE

ROOT_URLCONF = "tests.bench.urls"
MIDDLEWARE = [*MIDDLEWARE, "tests.bench.urls.tell_statements"]
