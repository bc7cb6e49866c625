"""The WSGI application, for `runserver` and servers of your own; granian serves `config.web.application`."""

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
import_module("config.urls")  # now, and not while the first request waits
