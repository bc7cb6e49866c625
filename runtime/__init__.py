"""The machinery of `bin/up`, `bin/down`, `bin/test` and `bin/lock`: packages, embedded servers, processes, progress.

Knows nothing of Django, the catalog or trust: it starts programs and watches them. `launch`, `install`, `pip_settings`,
`options`, `screen`, `processes` and `registry` run before any package is installed, so they import the standard library only.
"""
