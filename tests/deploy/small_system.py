"""A supervised system with real servers and a web that only answers ``/healthz``: quick to start in tests.

``python -m tests.deploy.small_system HOME PORT [web code]``.
"""

import os
import sys
from pathlib import Path

from deploy.embedded.environment import Mode, Plan, plan_read, python_command
from deploy.embedded.errors import DeployError
from deploy.embedded.parts import Part, program_part
from deploy.embedded.supervisor import Programs, Supervisor

WEB = """
import http.server, os
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(b'{"status": "ok", "parts": {"database": "ok"}}')
    def log_message(self, *words): pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["SPOOR_HTTP_PORT"])), Answer).serve_forever()
"""


def main(home: Path, port: str, web: str = WEB) -> int:
    """Run until a signal."""

    def parts(plan: Plan) -> list[Part]:
        return [program_part(plan.home, "web", python_command("-c", web), plan.environment())]

    plan = plan_read(Mode.LAB, {**os.environ, "SPOOR_HOME": str(home), "SPOOR_HTTP_PORT": port})
    try:
        return Supervisor(plan, programs=Programs(prepare=python_command("-c", "pass"), parts=parts)).run()
    except DeployError as error:
        sys.stdout.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    for name in [name for name in os.environ if name.startswith("SPOOR_")]:
        del os.environ[name]
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
