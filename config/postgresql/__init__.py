"""Django's PostgreSQL backend with an end to every wait; `limits` says how long each kind of process waits."""
