"""Wires the three rooms together: settings, urls, the Celery application, the machinery of the two commands.

Imports nothing: `runtime` runs before any package is installed. The Celery application is set by `config.settings`.
"""
