"""Where the S3 of a lake is, and how to speak to it: the environment in all of its usual spellings.

AWS's own tools take AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL and AWS_DEFAULT_REGION. The Rust library under obstore and
deltalake takes AWS_ENDPOINT, AWS_ALLOW_HTTP and AWS_REGION. All of them work here.
"""

import os
from typing import Any

_YES = {"1", "true", "yes", "on"}


def endpoint() -> str | None:
    """Return the URL of an S3 server; None for AWS itself."""
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    return next((value for name in names if (value := os.environ.get(name))), None)


def settings() -> dict[str, str]:
    """Return the settings that obstore and deltalake need beside the environment, by the names that both know."""
    found: dict[str, str] = {}
    if url := endpoint():
        found["aws_endpoint"] = url
    if region := os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"):
        found["aws_region"] = region
    return found


def allows_http() -> bool:
    """Return whether the server is spoken to without TLS."""
    return (endpoint() or "").startswith("http://") or os.environ.get("AWS_ALLOW_HTTP", "").lower() in _YES


def profile() -> Any:
    """Return the credentials of an AWS profile or SSO session, which object_store does not read; None without any."""
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return None
    try:
        from boto3 import Session
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError:  # the extra [s3] brings boto3
        return None
    session = Session()
    return None if session.get_credentials() is None else Boto3CredentialProvider(session)
