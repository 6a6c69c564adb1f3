"""Tells apex of a pytest run line by line, as tests end. PYTEST_DONT_REWRITE

For pytest 6 and later, alone or as the controller of pytest-xdist. The lines are those of
`src/adapters/streamed-report.ts`. Imports nothing but pytest and the standard library.
"""

import importlib.util
import json
import os

import pytest

LONGEST_MESSAGE = 8_000
LONGEST_DETAILS = 64_000


def pytest_addoption(parser):
    group = parser.getgroup("apex")
    group.addoption("--apex-report", metavar="FILE", help="tell apex of each test in this file")
    group.addoption("--apex-coverage", choices=("on", "off"), help="switch pytest-cov on or off")
    group.addoption("--apex-allow-no-tests", action="store_true", help="end with 0 when there are no tests")


@pytest.hookimpl(hookwrapper=True)
def pytest_load_initial_conftests(early_config):
    # pytest-cov decides here whether it starts, by the options that were read so far.
    options = early_config.known_args_namespace
    wanted = getattr(options, "apex_coverage", None)
    if wanted == "on":
        if importlib.util.find_spec("pytest_cov") is None:
            raise pytest.UsageError("coverage was asked for, but pytest-cov is not installed for this Python")
        options.no_cov = False
        if not getattr(options, "cov_source", None):
            options.cov_source = [True]
    elif wanted == "off":
        options.no_cov = True
    yield


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    file = config.getoption("apex_report", None)
    # A worker of xdist tells its controller, and the controller tells us.
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Reporter(config, file), "apex-reporter")


class Reporter:
    def __init__(self, config, file):
        self.root = str(getattr(config, "rootpath", None) or config.rootdir)
        self.allows_no_tests = config.getoption("apex_allow_no_tests", False)
        self.lists = config.getoption("collectonly", False)
        self.tests = {}
        self.is_cut_short = False
        # A test that forks must not tell of it twice.
        self.pid = os.getpid()
        self.file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o666)
        self.write({"type": "begin", "framework": "pytest", "version": pytest.__version__})

    def write(self, line):
        if os.getpid() == self.pid:
            os.write(self.file, json.dumps(line).encode("ascii") + b"\n")

    def write_test(self, nodeid, status, duration, **more):
        file, suites, name = split_node_id(nodeid)
        line = {
            "type": "test",
            "file": os.path.normpath(os.path.join(self.root, file)),
            "suites": suites,
            "name": name,
            "status": status,
            "durationMs": max(0.0, duration * 1000),
        }
        line.update({key: value for key, value in more.items() if value is not None})
        self.write(line)

    @pytest.hookimpl(trylast=True)
    def pytest_collectreport(self, report):
        if report.outcome not in ("failed", "skipped"):
            return
        message, details = texts(report)
        status = "errored" if report.outcome == "failed" else "skipped"
        self.write_test(report.nodeid or "collection", status, 0.0, message=message, details=details)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session):
        if self.lists:
            for item in session.items:
                self.write_test(item.nodeid, "skipped", 0.0)
        elif session.items:
            # The controller of xdist collects nothing itself.
            self.write({"type": "collected", "count": len(session.items)})

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        test = self.tests.setdefault(report.nodeid, Test())
        test.add(report, self.root)
        # A worker of xdist that crashed has no phase, and nothing follows.
        if report.when not in ("setup", "call", "teardown"):
            self.finish(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid):
        self.finish(nodeid)

    def finish(self, nodeid):
        test = self.tests.get(nodeid)
        # Each try of a test comes here, and only the last one has a status.
        if test is not None and test.status is not None:
            del self.tests[nodeid]
            more = {"flaky": True} if test.retries and test.status == "passed" else {}
            if test.retries:
                more["retries"] = test.retries
            self.write_test(
                nodeid, test.status, test.duration, line=test.line, message=test.message, details=test.details, **more
            )

    def pytest_internalerror(self, excrepr):
        self.is_cut_short = True
        self.write({"type": "error", "message": cut(str(excrepr), LONGEST_MESSAGE)})

    def pytest_keyboard_interrupt(self, excinfo):
        # Failed collection and the like also come here, but pytest then knows what it does.
        if not isinstance(excinfo.value, pytest.Session.Interrupted):
            self.is_cut_short = True
            self.write({"type": "error", "message": cut("interrupted: " + repr(excinfo.value), LONGEST_MESSAGE)})

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        if self.allows_no_tests and session.exitstatus == 5:
            session.exitstatus = 0

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self):
        if not self.is_cut_short:
            self.write({"type": "end"})
        os.close(self.file)


class Test:
    """What the phases of a test amount to."""

    def __init__(self):
        self.status = None
        self.duration = 0.0
        self.line = None
        self.message = None
        self.details = None
        self.retries = 0

    def add(self, report, root):
        self.duration += getattr(report, "duration", 0.0) or 0.0
        if self.line is None:
            self.line = definition_line(report)
        if report.outcome == "rerun":
            self.retries += 1
            self.status = None
            return
        status = phase_status(report)
        if status is None or self.status in ("failed", "errored"):
            return
        self.status = status
        if status != "passed":
            self.message, self.details = texts(report)
            if report.outcome == "failed":
                self.line = failure_line(report, root) or self.line


def phase_status(report):
    """What one phase says; None when it leaves open what came before."""
    is_call = report.when == "call"
    if report.outcome == "failed":
        return "failed" if is_call else "errored"
    if report.outcome == "skipped":
        return "todo" if hasattr(report, "wasxfail") else "skipped"
    # A subtest that passed says nothing of the test around it.
    return "passed" if is_call and not hasattr(report, "context") else None


def split_node_id(nodeid):
    """File, suites and name; no name for the file itself. Parameters, in brackets at the end, may contain anything."""
    file, _, rest = nodeid.partition("::")
    head, bracket, parameters = rest.partition("[")
    *suites, name = head.split("::")
    # Classes of doctests and of some plugins are empty.
    return file, [suite for suite in suites if suite not in ("", "()")], name + bracket + parameters


def definition_line(report):
    location = getattr(report, "location", None)
    if not location or location[1] is None:
        return None
    # A test that a class inherits is defined in another file.
    is_here = os.path.normpath(location[0]) == os.path.normpath(report.nodeid.partition("::")[0])
    return location[1] + 1 if is_here else None


def failure_line(report, root):
    """The line of the test's own file at which the failure passed."""
    traceback = getattr(report.longrepr, "reprtraceback", None)
    own = os.path.normpath(os.path.join(root, report.nodeid.partition("::")[0]))
    for entry in getattr(traceback, "reprentries", None) or []:
        place = getattr(entry, "reprfileloc", None)
        if place is not None and os.path.normpath(os.path.join(root, str(place.path))) == own:
            return place.lineno
    return None


def texts(report):
    """Message and details of a report that is no pass."""
    longrepr = report.longrepr
    if hasattr(report, "wasxfail"):
        return report.wasxfail or None, None
    if isinstance(longrepr, tuple):
        reason = longrepr[2]
        return reason[len("Skipped: ") :] if reason.startswith("Skipped: ") else reason, None
    details = str(longrepr) if longrepr else ""
    message = getattr(getattr(longrepr, "reprcrash", None), "message", None)
    if message is None:
        # Collection errors are plain text, whose last line says what went wrong.
        lines = [line for line in details.strip().splitlines() if line.strip()]
        message = (lines[-1][2:] if lines[-1].startswith("E ") else lines[-1]).strip() if lines else ""
    context = getattr(report, "context", None)
    if context is not None:
        parts = [context.msg] if context.msg else []
        parts += ["{}={!r}".format(key, value) for key, value in dict(context.kwargs).items()]
        message = "subtest {}: {}".format(", ".join(parts), message)
    return cut(message, LONGEST_MESSAGE), cut(details, LONGEST_DETAILS)


def cut(text, longest):
    return text if len(text) <= longest else text[:longest] + " …"
