"""What a desk that was killed left running in this run directory: found by command line, stopped in the usual order."""

import contextlib
from pathlib import Path

import psutil

from scripts.desk.supervisor.plan import Stage

STAGE_OF_MODULE = {
    "services.bot": Stage.BOT,
    "services.gateway": Stage.GATEWAY,
    "services.kill_switch": Stage.KILL,
    "services.venue_sim": Stage.VENUE,
    "services.event_store": Stage.STORE,
    "services.desk_api": Stage.PAGE,
}
GRACE_S = 15.0


def module_of(cmdline: list[str], run_dir: Path) -> str | None:
    """The service a command line runs for this run directory, None when it is none of ours."""
    if "-m" not in cmdline or "--run-dir" not in cmdline:
        return None
    module = cmdline[cmdline.index("-m") + 1 : cmdline.index("-m") + 2]
    directory = cmdline[cmdline.index("--run-dir") + 1 : cmdline.index("--run-dir") + 2]
    if not module or module[0] not in STAGE_OF_MODULE or directory != [str(run_dir)]:
        return None
    return module[0]


def leftovers(run_dir: Path) -> list[tuple[Stage, psutil.Process]]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            module = module_of(process.cmdline(), run_dir)
        except psutil.Error:
            continue
        if module is not None:
            found.append((STAGE_OF_MODULE[module], process))
    return sorted(found, key=lambda pair: (pair[0], pair[1].pid))


def run_dirs_of_desks() -> set[Path]:
    """Run directories in which a gateway lives, whoever started it."""
    found = set()
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if "services.gateway" in words and "--run-dir" in words[:-1]:
            found.add(Path(words[words.index("--run-dir") + 1]))
    return found


def stop_leftovers(run_dir: Path) -> list[str]:
    """Stop them, bots first. Returns one line for each: what it was and how it ended."""
    lines: list[str] = []
    found = leftovers(run_dir)
    for stage in sorted({stage for stage, _ in found}):
        processes = [process for of_stage, process in found if of_stage == stage]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(processes, timeout=GRACE_S)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=5)
        killed = {process.pid for process in alive}
        lines += [
            f"{stage.name.lower()} pid {process.pid} of an earlier desk: "
            + ("killed after 15 s" if process.pid in killed else "stopped")
            for process in processes
        ]
    return lines
