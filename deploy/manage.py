"""Run a management command on an embedded home: ``python -m deploy.manage [demo|up] COMMAND …``.

The home's database and broker must run («make demo» or «make up»); without a word before the command, the
home that runs is taken.
"""

import os
import subprocess
import sys

from deploy.embedded.environment import ROOT, Mode, Plan, plan_read, plans_known, python_command
from deploy.embedded.errors import DeployError

_WORDS = {"demo": Mode.DEMO, "up": Mode.LAB}


def plan_find(words: list[str]) -> tuple[Plan, list[str]]:
    """The plan of the named home, or of the only one that runs; and the words of the command."""
    if words and words[0] in _WORDS:
        return plan_read(_WORDS[words[0]], os.environ), words[1:]
    running = [plan for plan in plans_known(os.environ) if plan.home.holder() is not None]
    if len(running) != 1:
        raise DeployError(
            f"{len(running)} homes run; a command works on one.",
            remedy="start one («make up»), or name it: python3 deploy/bootstrap.py manage demo|up COMMAND",
        )
    return running[0], words


def main(words: list[str]) -> int:
    """Run the command with the home's environment; migrations with the owner's."""
    try:
        plan, command = plan_find(words)
        owner = command[:1] in (["migrate"], ["sqlmigrate"])
        environment = plan.owner_environment() if owner else plan.environment()
    except DeployError as error:
        print(f"Spoor cannot go on.\n  {error}", file=sys.stderr)
        return 1
    return subprocess.run(python_command("manage.py", *command), cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
