"""Runs all checks against one service, then makes sure that no route was left out."""

import os
import sys
import traceback

import account_checks
import error_checks
import file_checks
import folder_checks
import sharing_checks
import upload_checks
from service import Context, Service

MODULES = (account_checks, file_checks, folder_checks, upload_checks, sharing_checks, error_checks)


def checks():
    for module in MODULES:
        for name, function in vars(module).items():
            if name.startswith("check_"):
                yield module.__name__ + "." + name, function


def every_route_was_called(context):
    """The service lists its routes and counts its calls; both must agree."""
    service = context.service
    routes = set(service.control("routes")["routes"])
    missed = routes - set(service.control("calls")["calls"])
    assert not missed, "never called: " + ", ".join(sorted(missed))


def brief(error):
    """The error and our own lines on the way to it; the SDK's lines say nothing about the service."""
    here = os.path.dirname(os.path.abspath(__file__))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(here)]
    lines = ["  %s:%d: %s" % (os.path.basename(f.filename), f.lineno, f.line) for f in frames[1:]]
    return "\n".join([*lines, "  %s: %s" % (type(error).__name__, error)])


def main(binary):
    service = Service(binary)
    passed = failed = 0
    try:
        context = Context(service)
        for name, function in [*checks(), ("every_route_was_called", every_route_was_called)]:
            try:
                function(context)
                passed += 1
            except Exception as error:
                failed += 1
                print("FAILED %s\n%s" % (name, brief(error)), file=sys.stderr)
    finally:
        service.stop()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
