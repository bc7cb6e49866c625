"""The mail server from one environment variable."""

import pytest
from pydantic import SecretStr, ValidationError

from config.environment import Environment, MailServer, faults_of, mail_server


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("", MailServer()),
        ("smtp://mail.example.org", MailServer("mail.example.org", 25)),
        ("smtp://mail.example.org:2525/", MailServer("mail.example.org", 2525)),
        ("smtp://me%40x:p%3Aw@mail.example.org", MailServer("mail.example.org", 587, "me@x", "p:w", starts_tls=True)),
        ("smtps://me:pw@mail.example.org", MailServer("mail.example.org", 465, "me", "pw", is_tls=True)),
    ],
)
def test_a_password_never_goes_out_in_the_clear(url: str, server: MailServer) -> None:
    assert mail_server(SecretStr(url)) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://u:geheim@mail.example.org/x?y",
        "smtp://u:geheim/x@mail.example.org",
    ],
)
def test_what_is_no_mail_server_stops_the_start_without_telling_the_password(url: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Environment(email_url=SecretStr(url))
    told = faults_of(refusal.value)
    assert told.startswith("TOUCHSTONE_EMAIL_URL: ")
    assert "smtp://user:password@host:port" in told
    assert "geheim" not in told
