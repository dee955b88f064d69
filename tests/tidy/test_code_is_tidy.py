"""What the linter cannot see. A failure names the file, the line and what to use instead."""

import ast
import re

from tests.tidy.sources import CODE, REPO, calls, dotted_name, name, python_files, tracked, tree

LINES_MAX = 400

# The places that may read a clock, with the reason. Everyone else takes `now_ms` or a Clock.
CLOCK_PLACES = {
    "services/common/clock.py": "is the clock",
    "services/common/embedded/server.py": "waits for a server before any clock is needed",
    "scripts/setup/bootstrap.py": "runs on a bare Python, before the desk is installed",
    "scripts/simulate/campaign.py": "measures virtual hours against real seconds",
    "scripts/simulate/desk.py": "measures virtual hours against real seconds",
}
STRAY_CLOCKS = re.compile(
    r"^(time\.(time|time_ns|monotonic|monotonic_ns|perf_counter|perf_counter_ns)"
    r"|(datetime\.)?datetime\.(now|utcnow|today)|(datetime\.)?date\.today)$"
)

# The places that may read or hand on the environment.
ENVIRONMENT_PLACES = {
    "services/common/settings.py": "is where settings come from",
    "scripts/setup/bootstrap.py": "hands the environment on to uv",
}

# Where a broad except stands: a boundary that counts it, keeps the evidence and chooses the safe side.
BROAD_EXCEPT_PLACES: dict[str, str] = {
    "controllers/market_making/epp_v2_4.py": "a fault of the strategy is counted, logged, and stands down",
    "services/common/worker.py": "the end of a process: logged, nothing acknowledged, restarted by the supervisor",
    "services/common/http_front.py": "a request that breaks is a 500 and a line in the log; the port goes on",
    "scripts/desk/drill.py": "a drill that breaks is a failed one in the report, and the others are still run",
    "scripts/desk/drill_host.py": "a row that breaks is a failed one, its faults are taken back, the others are run",
    "scripts/desk/supervisor/servers.py": "a server that cannot be started is said, and tried again",
    "services/gateway/engine.py": "a venue answer that cannot be read is an unknown outcome: logged, and asked about",
    "services/gateway/journal.py": "whatever ends the writing is told as the journal's failure: nothing more is sent",
    "services/venue_sim/group_commit.py": "a failed commit is kept as the failure: nothing is released any more",
    "services/dialects/bitget/upstream_session.py": "a listener's fault is told, and the session starts afresh",
}


def test_only_the_clock_reads_the_clock():
    stray = [
        f"{name(path)}:{line} {call}: take now_ms as an argument, or a Clock"
        for path in python_files()
        if name(path) not in CLOCK_PLACES
        for call, line in calls(path)
        if STRAY_CLOCKS.match(call)
    ]
    assert not stray, "\n".join(stray)


def test_only_settings_read_the_environment():
    stray = []
    for path in python_files():
        if name(path) in ENVIRONMENT_PLACES:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and dotted_name(node) in ("os.environ", "os.getenv", "os.environb"):
                stray.append(f"{name(path)}:{node.lineno} {dotted_name(node)}: use services.common.settings")
    assert not stray, "\n".join(stray)


def test_a_broad_except_stands_only_at_a_boundary_that_is_listed_here():
    broad = []
    for path in python_files():
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = {dotted_name(one) if one else "everything" for one in caught}
            if names & {"everything", "Exception", "BaseException"} and name(path) not in BROAD_EXCEPT_PLACES:
                broad.append(f"{name(path)}:{node.lineno} catches {names}: name the exceptions, or list the boundary")
    assert not broad, "\n".join(broad)


def test_the_lists_of_exceptions_name_files_that_exist():
    for listed in (CLOCK_PLACES, ENVIRONMENT_PLACES, BROAD_EXCEPT_PLACES):
        gone = [file for file in listed if not (REPO / file).exists()]
        assert not gone, f"{gone}: take them off the list"


def test_services_and_controllers_do_not_print():
    prints = [
        f"{name(path)}:{line}: log it with services.common.logs"
        for path in python_files("services", "controllers")
        if path.name != "__main__.py"
        for call, line in calls(path)
        if call in ("print", "pprint.pprint")
    ]
    assert not prints, "\n".join(prints)


def test_modules_are_small():
    long = [
        f"{name(path)}: {lines} lines, at most {LINES_MAX}: what is its second idea?"
        for path in python_files()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES_MAX
    ]
    assert not long, "\n".join(long)


def test_every_folder_of_python_is_a_package():
    folders = {path.parent for path in python_files()}
    bare = [name(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()]
    assert not bare, f"{bare}: without __init__.py the import contracts do not see them"


def test_every_module_says_what_it_is_for():
    silent = [
        name(path)
        for path in python_files()
        if path.name != "__init__.py" and path.read_text(encoding="utf-8").strip() and not ast.get_docstring(tree(path))
    ]
    assert not silent, f"{silent}: begin with a docstring"


UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")


def test_nothing_is_left_for_later():
    marks = []
    for path in tracked():
        if path.suffix in (".py", ".md", ".yml", ".yaml", ".toml", ".js", ".html", ".css") or path.name == "Makefile":
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if UNFINISHED.search(line):
                    marks.append(f"{name(path)}:{number}: finish it, or say it in docs/")
    assert not marks, "\n".join(marks)


REGISTRY = re.compile(
    r"index-url|find-links|\"resolved\": *\"http|^registry *=|pypi\.org/simple|files\.pythonhosted", re.M
)
MACHINE_PATH = re.compile(r"(^|[^a-zA-Z0-9_.])/(root|work|home)/[a-z]", re.M)


def test_no_registry_address_and_no_path_of_one_machine():
    found = []
    for path in tracked():
        if name(path).startswith("tests/tidy/") or path.stat().st_size > 2_000_000:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        text = text.replace("--no-emit-index-url", "")
        found += [f"{name(path)}: {match.group().strip()}" for match in REGISTRY.finditer(text)]
        found += [f"{name(path)}: {match.group().strip()}…" for match in MACHINE_PATH.finditer(text)]
    assert not found, "\n".join(found)


def test_the_tree_has_no_other_top_level_folders():
    allowed = {*CODE, "data", "compose", "monitoring", "docs", "tests", "requirements", ".ci"}
    tops = {name(path).split("/")[0] for path in tracked() if "/" in name(path)}
    assert tops <= allowed, tops - allowed
