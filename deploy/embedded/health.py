"""Asking a running Spoor how it is."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Answer of ``/healthz``: the parts that do not work, with what they say."""

    answered: bool
    failing: dict[str, str] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        return self.answered and not self.failing

    def describe(self) -> str:
        """One line naming what does not work."""
        return "; ".join(f"{part}: {state}" for part, state in self.failing.items())


def health_ask(address: str, timeout: float = 10) -> Health:
    """Ask the web at ``address``; a refused connection is an answer too (not there yet)."""
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=timeout) as answer:
            return _read(answer.read())
    except urllib.error.HTTPError as error:
        body = error.read()
        return _read(body) if error.code == 503 else Health(answered=True, failing={"web": f"answers {error.code}"})
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return Health(answered=False)


def _read(body: bytes) -> Health:
    try:
        parts = json.loads(body)["parts"]
    except (ValueError, KeyError, TypeError):
        return Health(answered=True, failing={"web": "gives an answer that is not a state of health"})
    return Health(answered=True, failing={name: str(state) for name, state in parts.items() if state != "ok"})
