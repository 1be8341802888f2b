"""The parts of an embedded Spoor: how each is started, known to be ready, and stopped."""

import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.environment import ROOT, Plan, python_command
from deploy.embedded.home import Home
from deploy.embedded.processes import spawn, stop

Child = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One supervised process. ``wait_ready`` raises PartFailed; parts known by /healthz have none."""

    name: str
    log: Path
    start: Callable[[], Child]
    stop: Callable[[Child], None]
    wait_ready: Callable[[Child], None] = lambda _child: None


def server_parts(plan: Plan) -> list[Part]:
    """Database and broker of our own, as far as none is given by address."""
    parts: list[Part] = []
    if plan.cluster is not None:
        parts.append(
            Part(
                name="database",
                log=plan.cluster.log,
                start=plan.cluster.start,
                stop=plan.cluster.stop,
                wait_ready=plan.cluster.wait_ready,
            )
        )
    if plan.broker is not None:
        parts.append(
            Part(
                name="broker",
                log=plan.broker.log,
                start=plan.broker.start,
                stop=plan.broker.stop,
                wait_ready=plan.broker.wait_ready,
            )
        )
    return parts


def application_parts(plan: Plan) -> list[Part]:
    """Sequencer, worker with its clock, and web."""
    environment = plan.environment()
    log_key = {"SPOOR_LOG_KEY_FILE": str(plan.home.secrets / "log.key")}
    return [
        program_part(plan.home, "sequencer", python_command("manage.py", "sequencer"), {**log_key, **environment}),
        # SIGQUIT: a worker that outlives its supervisor has no database to finish its work in.
        program_part(plan.home, "worker", worker_command(plan), environment, death_signal=signal.SIGQUIT, grace=20),
        program_part(plan.home, "web", web_command(plan), environment),
    ]


def worker_command(plan: Plan) -> list[str]:
    """One Celery worker for all queues; its embedded beat is enough where there is one worker.

    Django's checks load every page and cost seconds of each start; preparing a home and `make check` run them.
    """
    return python_command(
        *("-m", "celery", "--skip-checks", "-A", "lims.config.celery", "worker"),
        *("--loglevel", "INFO", "--concurrency", "2"),
        *("--queues", "quick,analysis,disclosure", "--without-gossip", "--without-mingle"),
        *("--beat", "--schedule", str(plan.home.broker / "beat-schedule")),
    )


def web_command(plan: Plan) -> list[str]:
    """Threaded gunicorn on loopback; a proxy in front serves other machines."""
    memory = ("--worker-tmp-dir", "/dev/shm") if Path("/dev/shm").is_dir() else ()  # noqa: S108  (heartbeat files)
    return python_command(
        *("-m", "gunicorn", "lims.config.wsgi:application", "--bind", f"127.0.0.1:{plan.port}", "--preload"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "4", "--timeout", "60"),
        *("--graceful-timeout", "10", "--keep-alive", "15", "--no-control-socket", *memory),
    )


def program_part(
    home: Home,
    name: str,
    argv: list[str],
    environment: Mapping[str, str],
    *,
    death_signal: int = signal.SIGTERM,
    grace: float = 12,
) -> Part:
    """A part that is a program of ours; its log has its name."""
    log = home.logs / f"{name}.log"

    def start() -> Child:
        with log.open("ab") as output:
            return spawn(argv, environment=environment, folder=ROOT, output=output, death_signal=death_signal)

    return Part(name=name, log=log, start=start, stop=lambda child: stop(child, grace=grace))
