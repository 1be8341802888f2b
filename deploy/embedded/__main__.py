"""``python -m deploy.embedded demo|up|down|status``."""

import os
import signal
import sys
import time

from deploy.embedded.environment import Mode, plan_read, plans_known
from deploy.embedded.errors import DeployError
from deploy.embedded.health import health_ask
from deploy.embedded.home import Home
from deploy.embedded.supervisor import Supervisor


def main(words: list[str]) -> int:
    """Run one command; trouble is told in words, with the remedy, and ends with code 1."""
    commands = {
        "demo": lambda: Supervisor(plan_read(Mode.DEMO, os.environ)).run(),
        "up": lambda: Supervisor(plan_read(Mode.LAB, os.environ)).run(),
        "down": down,
        "status": status,
    }
    if len(words) != 1 or words[0] not in commands:
        print(f"usage: python -m deploy.embedded {'|'.join(commands)}", file=sys.stderr)
        return 2
    try:
        return commands[words[0]]()
    except DeployError as error:
        print(f"\nSpoor cannot go on.\n  {error}", file=sys.stderr, flush=True)
        return 1


def down() -> int:
    """Stop what runs on the known homes, and wait until it has ended."""
    stopped = 0
    for home in [plan.home for plan in plans_known(os.environ)]:
        holder = home.holder()
        if holder is None:
            continue
        print(f"Stopping Spoor on {home.root} (process {holder}) …", flush=True)
        os.kill(holder, signal.SIGTERM)
        _await_end(home, holder)
        stopped += 1
    print("Stopped." if stopped else "No Spoor runs on these homes.")
    return 0


def status() -> int:
    """Say what runs and how it is; code 0 when all that runs is well."""
    well = True
    for plan in plans_known(os.environ):
        holder = plan.home.holder()
        if holder is None:
            print(f"{plan.home.root}: not running")
            continue
        address = plan.home.address.read_text(encoding="ascii") if plan.home.address.exists() else plan.local_url
        health = health_ask(address)
        well = well and health.well
        word = "well" if health.well else health.describe() or "the web does not answer"
        print(f"{plan.home.root}: process {holder}, {address}, {word}")
    return 0 if well else 1


def _await_end(home: Home, holder: int, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while home.holder() == holder:
        if time.monotonic() > deadline:
            raise DeployError(
                f"Spoor on {home.root} (process {holder}) has not stopped within {seconds:.0f} s.",
                remedy=f"kill -9 {holder}; the next start puts everything in order",
            )
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
