"""What of the packages never runs in a function, and so stays out of the bundle; each with its reason."""

from __future__ import annotations

from pathlib import PurePosixPath

SERVICES = frozenset({"dynamodb", "sesv2", "sns", "sqs", "ssm"})  # that the program makes clients of
MODELS = PurePosixPath("botocore/data")
UNUSED_TREES = (
    "bin",  # console scripts
    "boto3/data",  # resources; we make clients
    "boto3/examples",
    "cffi",  # builds extensions; cryptography loads its own, with _cffi_backend alone
    "pycparser",  # cffi's reader of C
    "dateutil/zoneinfo",  # a copy of the time zones; botocore reads UTC
    "certifi/tests",
    "aws_lambda_powertools/event_handler",  # a router of its own; Chalice routes
    "stripe/params",  # types for checkers, a seventh of the whole bundle
)
UNUSED_NAMES = ("examples-1.json", "paginators-1.json", "waiters-2.json", "RECORD", "INSTALLER", "REQUESTED")
UNUSED_ENDINGS = (".pyi", ".pyc", ".exe")


def is_needed(path: PurePosixPath) -> bool:
    """Say whether a file of the packages belongs into the bundle."""
    if path.name in UNUSED_NAMES or path.suffix in UNUSED_ENDINGS:
        return False
    if any(path.is_relative_to(tree) for tree in UNUSED_TREES):
        return False
    return _is_model_of_ours(path) if path.is_relative_to(MODELS) else True


def _is_model_of_ours(path: PurePosixPath) -> bool:
    """Of botocore's models keep what is not a service's, and our services'."""
    service, *rest = path.relative_to(MODELS).parts
    return not rest or service in SERVICES
