"""The web server's side of the application: bodies are read and answers are sent without occupying a thread that answers.

`application` is what granian serves (RSGI); `pool` has the threads; `environ` makes of a request what Django's handler takes.
"""
