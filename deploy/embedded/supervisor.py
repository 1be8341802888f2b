"""One supervisor for all parts of an embedded Spoor: starts in order, restarts what dies, stops cleanly."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.embedded.environment import FIRST_RUN, ROOT, Mode, Plan, has_command, python_command
from deploy.embedded.errors import PartFailed, log_tail
from deploy.embedded.guards import check_port, clear_uploads, space_warning
from deploy.embedded.health import Health, health_ask
from deploy.embedded.logs import Follower, rotate
from deploy.embedded.parts import Child, Part, application_parts, server_parts
from deploy.embedded.prepared import prepared, prepared_record
from deploy.embedded.processes import Identity, identity, kill_group, spawn, stop, wait_gone
from deploy.embedded.signals import Stopped, signals_ignore, stop_signals

LONGEST_PAUSE = 60.0
STEADY_SECONDS = 60.0
ATTEMPTS_WHILE_STARTING = 3


@dataclass(slots=True, kw_only=True)
class Running:
    """A part and its present process."""

    part: Part
    child: Child
    since: float
    failures: int = 0
    retry_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """What runs on the servers: a command before the parts start, the parts, commands once they work."""

    prepare: Sequence[str]
    parts: Callable[[Plan], Sequence[Part]]
    probe: Sequence[str] = ()
    seed: Sequence[str] = ()


def spoor_programs(plan: Plan) -> Programs:
    """Spoor itself; a demonstration is filled once."""
    seeded = plan.mode is Mode.DEMO and has_command("demo_seed")
    return Programs(
        prepare=python_command("-m", "deploy.embedded.prepare"),
        parts=application_parts,
        probe=python_command("manage.py", "vault_probe") if has_command("vault_probe") else (),
        seed=python_command("manage.py", "demo_seed") if seeded else (),
    )


class Supervisor:
    """Runs one plan until a signal stops it."""

    def __init__(
        self,
        plan: Plan,
        *,
        say: Callable[[str], None] | None = None,
        programs: Programs | None = None,
    ) -> None:
        self.plan = plan
        self.programs = programs or spoor_programs(plan)
        self.home = plan.home
        self.running: dict[str, Running] = {}
        self._say = say or _print
        self._begun = time.monotonic()
        self._starting = True
        self._space_told = False
        self._probe: Child | None = None

    def run(self) -> int:
        """Start, serve until SIGINT, SIGTERM or SIGHUP, stop. Raises DeployError when the start fails."""
        self.home.prepare()
        self.home.check_space()
        with self.home.held(), stop_signals():
            try:
                self._start()
                self._serve()
            except Stopped:
                self._say("Stopping …")
            finally:
                signals_ignore()
                self._stop()
        return 0

    def _start(self) -> None:
        plan = self.plan
        self.home.check_whole()
        plan.keep_mode()
        self._tell(f"Spoor starts on {self.home.root}")
        self._end_leftovers()
        check_port(plan.port)
        self.home.address.write_text(plan.local_url, encoding="ascii")
        plan.make_secrets()
        clear_uploads(self.home.root / "tmp")
        self._start_servers()
        if not prepared(plan):
            self._step("tables and static files", self.programs.prepare, owner=True)
            prepared_record(plan)
        for part in self.programs.parts(plan):
            self._launch(part)
        self._await_web()
        self._probe_begin()
        if self.programs.seed:
            self._seed(self.programs.seed)
        self._starting = False
        self._announce()

    def _start_servers(self) -> None:
        cluster = self.plan.cluster
        if cluster is not None:
            cluster.initialise()
        for part in server_parts(self.plan):
            self._launch(part)
        for running in list(self.running.values()):
            running.part.wait_ready(running.child)
        if cluster is not None:
            cluster.provision()
            self._tell(f"database and broker ready (PostgreSQL runs as: {cluster.account()})")

    def _launch(self, part: Part) -> None:
        self.running[part.name] = Running(part=part, child=part.start(), since=time.monotonic())
        self._record()

    def _step(self, name: str, argv: Sequence[str], *, owner: bool = False, echo: bool = False) -> None:
        """Run a short command to its end while watching the parts; its output goes to ``logs/start.log``."""
        log = self.home.logs / "start.log"
        follower = Follower(log)
        environment = self.plan.owner_environment() if owner else self.plan.environment()
        with log.open("ab") as output:
            child = spawn(argv, environment=environment, folder=ROOT, output=output)
        try:
            while child.poll() is None:
                time.sleep(0.1)
                self._tend()
                if echo:
                    self._echo(follower)
        finally:
            stop(child, grace=10)
        if echo:
            self._echo(follower)
        if child.returncode != 0:
            raise PartFailed(
                f"The step «{name}» ended with code {child.returncode}. Its last lines:\n{log_tail(log)}",
                remedy=f"read {log}; starting again repeats the step",
            )
        self._tell(f"{name}: done")

    def _probe_begin(self) -> None:
        """Let the store be tried while people work already: the trial waits for a lock to run out."""
        if self.programs.probe:
            with (self.home.logs / "probe.log").open("ab") as output:
                self._probe = spawn(
                    self.programs.probe, environment=self.plan.environment(), folder=ROOT, output=output
                )

    def _probe_end(self) -> None:
        if self._probe is None or self._probe.poll() is None:
            return
        log = self.home.logs / "probe.log"
        last = log_tail(log, 1).strip()
        if self._probe.returncode == 0:
            self._tell(f"evidence store tried: {last}")
        else:
            self._tell(f"WARNING: the evidence store does not keep what it should: {last} (see {log})")
        self._probe = None

    def _echo(self, follower: Follower) -> None:
        for line in follower.lines():
            self._say(f"           {line}")

    def _seed(self, argv: Sequence[str]) -> None:
        done = self.home.root / "demo-seeded"
        if done.exists():
            return
        self._tell("making the demonstration laboratory (once)")
        self._step("demonstration laboratory", argv, echo=True)
        done.touch()

    def _await_web(self, patience: float = 60, grace: float = 30) -> None:
        """Wait until every part works; after ``grace`` seconds go on and name what does not, unless it dies."""
        begun = time.monotonic()
        health = Health(answered=False)
        while not health.well:
            self._tend()
            health = health_ask(self.plan.local_url)
            waited = time.monotonic() - begun
            dying = any(running.failures for running in self.running.values())
            if health.failing and waited > grace and not dying:
                self._tell(f"the web answers, but not all is well: {health.describe()}")
                return
            if not health.answered and waited > patience:
                raise PartFailed(
                    f"The web did not answer within {patience:.0f} s. Its last lines:\n"
                    f"{log_tail(self.running['web'].part.log)}",
                    remedy=f"read the logs in {self.home.logs}",
                )
            time.sleep(0.4)
        self._tell("web, worker, sequencer and store work")

    def _serve(self) -> None:
        chores_at = 0.0
        while True:
            self._tend()
            if time.monotonic() >= chores_at:
                chores_at = time.monotonic() + 60
                rotate(self.home.logs)
                self._watch_space()
            time.sleep(0.5)

    def _tend(self) -> None:
        """Notice parts that ended, and restart those whose pause is over."""
        self._probe_end()
        now = time.monotonic()
        for running in self.running.values():
            if running.child.poll() is None:
                if running.failures and now - running.since > STEADY_SECONDS:
                    running.failures = 0
            elif running.retry_at is None:
                self._note_end(running, now)
            elif now >= running.retry_at:
                self._restart(running)

    def _note_end(self, running: Running, now: float) -> None:
        # A worker killed alone leaves its pool behind.
        kill_group(running.child.pid)
        running.failures += 1
        part, code = running.part, running.child.returncode
        if self._starting and running.failures >= ATTEMPTS_WHILE_STARTING:
            raise PartFailed(
                f"The part «{part.name}» ended {running.failures} times while starting ({_ending(code)}). "
                f"Its last lines:\n{log_tail(part.log)}",
                remedy=f"read {part.log}",
            )
        pause = min(0.5 * 2 ** (running.failures - 1), LONGEST_PAUSE)
        running.retry_at = now + pause
        self._tell(
            f"the part «{part.name}» {_ending(code)}; it is started again in {pause:g} s. "
            f"Last lines of {part.log}:\n{log_tail(part.log, 5)}"
        )

    def _restart(self, running: Running) -> None:
        running.retry_at = None
        running.since = time.monotonic()
        running.child = running.part.start()
        self._record()
        try:
            running.part.wait_ready(running.child)
        except PartFailed as error:
            self._tell(error.message)
        else:
            self._tell(f"the part «{running.part.name}» runs again (process {running.child.pid})")

    def _stop(self) -> None:
        if self._probe is not None:
            stop(self._probe, grace=2)
        # Those who write end before what they write to.
        for name in ("web", "worker", "sequencer"):
            if name in self.running and self.running[name].child.poll() is None:
                self.running[name].child.send_signal(signal.SIGTERM)
        for running in reversed(self.running.values()):
            running.part.stop(running.child)
        self.home.parts.unlink(missing_ok=True)
        if self.running:
            self._tell("stopped; all data are kept")
        self.running.clear()

    def _record(self) -> None:
        known = {name: asdict(identity(running.child.pid)) for name, running in self.running.items()}
        fresh = self.home.parts.with_suffix(".new")
        fresh.write_text(json.dumps(known), encoding="ascii")
        fresh.replace(self.home.parts)

    def _end_leftovers(self) -> None:
        """End what a killed supervisor left; the kernel has told each to end, some take a moment."""
        if not self.home.parts.exists():
            return
        try:
            known = json.loads(self.home.parts.read_text(encoding="ascii"))
        except ValueError:
            known = {}
        for name, who in ((name, Identity(**fields)) for name, fields in known.items()):
            if name == "database" or wait_gone(who, 5):
                continue  # the database ends its own leftovers, gently
            self._tell(f"ending «{name}» of an earlier start (process {who.pid})")
            kill_group(who.pid)
        self.home.parts.unlink()

    def _watch_space(self) -> None:
        warning = space_warning(self.home.root)
        if warning and not self._space_told:
            self._tell(warning)
        self._space_told = bool(warning)

    def _announce(self) -> None:
        address = self.plan.given.get("SPOOR_PUBLIC_URL") or self.plan.local_url
        credentials = self.home.root / "demo-credentials.json"
        lines = ["", f"  Spoor is ready:  {address}/"]
        if credentials.exists():
            lines.append(f"  Sign-in names and passwords:  {_short(credentials)}")
        elif self.plan.mode is Mode.LAB:
            lines += self._first_visit()
        lines.append(f"  Data and logs:   {_short(self.home.root)}")
        lines.append("  Stop with Ctrl-C here, or «make down» in another terminal.")
        self._say("\n".join([*lines, ""]))

    def _first_visit(self) -> list[str]:
        code = self.home.secrets / FIRST_RUN
        if not code.is_file():
            return []
        return [
            "  The first visit makes the administrator's account. It asks for this set-up code:",
            f"      {code.read_text(encoding='ascii').strip()}",
        ]

    def _tell(self, text: str) -> None:
        self._say(f"[{time.monotonic() - self._begun:6.1f} s] {text}")


def _ending(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # The reader of our words is gone; the parts are not.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
