"""What is looked at before and while Spoor runs: the port, the disk, rests of uploads."""

import os
import socket
from pathlib import Path

from deploy.embedded.errors import DeployError, PortTaken

LOW_SPACE_BYTES = 256 * 1024 * 1024


def check_port(port: int) -> None:
    """Raises PortTaken, naming a free port, when another program listens on ours."""
    if _port_free(port):
        return
    other = next((each for each in range(port + 1, port + 100) if _port_free(each)), None)
    advice = f"SPOOR_HTTP_PORT={other} make demo (or make up)" if other else "set SPOOR_HTTP_PORT to a free port"
    raise PortTaken(
        f"Port {port} on 127.0.0.1 is taken by another program.",
        remedy=f"stop that program, or choose another port: {advice}",
    )


def clear_uploads(folder: Path) -> None:
    """Remove parts of uploads a crash left: whoever sent them had no answer, and will send them again."""
    for left in folder.glob("tmp*.upload*"):
        left.unlink(missing_ok=True)


def _port_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise DeployError(
                f"This account may not listen on port {port}.",
                remedy="choose a port above 1023: SPOOR_HTTP_PORT=8000",
            ) from None
        except OSError:
            return False
    return True


def space_warning(folder: Path) -> str:
    """What to say when the disk is nearly full; empty while it is not."""
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize >= LOW_SPACE_BYTES:
        return ""
    return (
        f"WARNING: less than {LOW_SPACE_BYTES // 2**20} MB are free on the disk of {folder}. "
        "Uploads and then every write will fail: free some space now (deploy/runbooks/disk-full.md)."
    )
