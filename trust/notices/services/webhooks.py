"""Posts one notice to one webhook: signed, to the address that was checked, within a time limit, following nothing.

The name is resolved once and the connection goes to that address, so that a name server cannot give one address to the check
and another to the connection. Of the answer only the status is read.
"""

import base64
import contextlib
import http.client
import socket
import ssl
import threading
from datetime import datetime
from time import monotonic

from django.conf import settings

from catalog.models import Delivery
from catalog.rules.moments import rfc_3339
from trust.ledger.signing import canonical_json, raw_signature
from trust.notices.rules.delivery import (
    SIGNATURE_SCHEME,
    Endpoint,
    NotAllowedError,
    WebhookLimits,
    demand_address,
    endpoint_of,
    signed_content,
)

TIMEOUT_SECONDS = 10.0
"""For one attempt from the first packet to the status line; our choice."""
MOST_ADDRESSES = 4
GONE = 410


class WebhookError(Exception):
    """The webhook did not take the notice. `is_final`: it never will."""

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


def message_id_of(delivery: Delivery) -> str:
    """What tells a receiver that it has had this notice before: the same at every attempt."""
    return f"notice-{delivery.notification_id}"


def body_of(delivery: Delivery) -> bytes:
    """What is posted, the same bytes at every attempt."""
    notice = delivery.notification
    body = {
        "type": notice.kind,
        "timestamp": rfc_3339(notice.created_at),
        "data": {
            **notice.payload,
            "recipient": notice.consumer.slug if notice.consumer else None,
            "subject": notice.subject,
            "text": notice.text,
        },
    }
    return canonical_json(body)


def post_notice(delivery: Delivery, now: datetime) -> None:
    """Post the notice of `delivery`. Raises `WebhookError` unless it is answered 2xx, `KeyUnavailableError` without a key."""
    limits = limits_in_force()
    try:
        endpoint = endpoint_of(delivery.target, limits)
        body = body_of(delivery)
        headers = _headers(message_id_of(delivery), int(now.timestamp()), body)
        status = _post(endpoint, limits, body, headers)
    except NotAllowedError as error:
        message = f"The webhook is not called: {error}."
        raise WebhookError(message, is_final=True) from error
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        message = f"The webhook of {delivery.target.split('/')[2][:100]} cannot be reached: {_short(error)}."
        raise WebhookError(message) from error
    if not 200 <= status < 300:
        said = "that it is gone" if status == GONE else f"with status {status}"
        message = f"The webhook answered {said}; only 2xx is taken as received, and redirects are not followed."
        raise WebhookError(message, is_final=status == GONE)


def limits_in_force() -> WebhookLimits:
    """Where the settings let webhooks go."""
    environment = settings.TOUCHSTONE
    return WebhookLimits(
        hosts=frozenset(environment.webhook_hosts),
        allows_loopback=environment.webhook_loopback,
        allows_private=environment.webhook_private,
    )


def _headers(message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Of Standard Webhooks, with one of ours that says under which `kid` of the JWKS the key is found."""
    kid, signature = raw_signature(signed_content(message_id, timestamp, body))
    return {
        "content-type": "application/json",
        "user-agent": "Touchstone",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"{SIGNATURE_SCHEME},{base64.b64encode(signature).decode()}",
        "touchstone-key-id": kid,
    }


def _post(endpoint: Endpoint, limits: WebhookLimits, body: bytes, headers: dict[str, str]) -> int:
    deadline = monotonic() + TIMEOUT_SECONDS
    connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=TIMEOUT_SECONDS)
    connection.sock = _connected(endpoint, limits)
    alarm = threading.Timer(max(0.0, deadline - monotonic()), _hang_up, [connection])
    alarm.daemon = True
    alarm.start()
    try:
        if endpoint.is_tls:
            context = ssl.create_default_context()
            # Without the handshake, so that the alarm has hold of the socket in which it happens.
            connection.sock = context.wrap_socket(connection.sock, server_hostname=endpoint.host, do_handshake_on_connect=False)
            connection.sock.do_handshake()
        connection.request("POST", endpoint.target, body, {"host": endpoint.authority, **headers, "connection": "close"})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        if monotonic() >= deadline:
            raise TimeoutError from error
        raise
    else:
        if monotonic() >= deadline:  # headers that end because we hung up look like headers that end
            raise TimeoutError
        return status
    finally:
        alarm.cancel()
        connection.close()


def _connected(endpoint: Endpoint, limits: WebhookLimits) -> socket.socket:
    """A connection to the first address of the host that takes one. All of its addresses must be allowed."""
    found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))[:MOST_ADDRESSES]
    for address in addresses:
        demand_address(address, endpoint, limits)
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return socket.create_connection((address, endpoint.port), timeout=TIMEOUT_SECONDS / MOST_ADDRESSES)
    return socket.create_connection((addresses[-1], endpoint.port), timeout=TIMEOUT_SECONDS)


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """Ends an exchange that takes too long.

    Timeouts of sockets begin anew with each packet: a receiver that sends one byte at a time would hold the worker for ever.
    Not the method of the TLS socket, which would take its state away from under the thread that reads.
    """
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)


def _short(error: Exception) -> str:
    """A few words without anything that the other side has said."""
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_SECONDS:.0f} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:200]
    return type(error).__name__
