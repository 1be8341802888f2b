"""Where the real data lie, and a running system that answers questions about them through API and worker."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lims.accounts.roles import Role
from tests.conftest import ROOT, TestBroker, TestDatabase
from tests.lims import builders
from tests.story.people import Someone, someone
from tests.system import System, running_system, wait_until

DATA = ROOT.parent / "shared" / "data"
RUN_SECONDS = 420


def needs(folder: str) -> pytest.MarkDecorator:
    """Skip without the real data of that folder."""
    return pytest.mark.skipif(
        not (DATA / folder).is_dir(), reason=f"real data are not at hand (../shared/data/{folder})"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A FASTA record `accession|Genus species|class`."""

    accession: str
    label: str
    sequence: str

    @property
    def species(self) -> str:
        """Genus and epithet: a subspecies is named as its species."""
        return " ".join(self.label.split()[:2]) if self.certain else self.label

    @property
    def certain(self) -> bool:
        """Whether the label is a species: no hybrid, no «sp.», «cf.», «aff.»."""
        words = self.label.split()
        return len(words) in {2, 3} and all(word.isalpha() and word.islower() and len(word) > 3 for word in words[1:])

    @property
    def fasta(self) -> str:
        """As it goes into a file."""
        return f">{self.accession}|{self.label}\n{self.sequence}\n"


def records_of(path: Path) -> list[Record]:
    """The records of a reference file, read without the code under test."""
    found = []
    for part in path.read_text(encoding="utf-8").split(">")[1:]:
        head, _, body = part.partition("\n")
        accession, label = head.split("|")[:2]
        found.append(Record(accession=accession, label=label, sequence=body.replace("\n", "").upper()))
    return found


def fasta(records: list[Record]) -> bytes:
    """Records as a file."""
    return "".join(one.fasta for one in records).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """People with tokens, and one case with one item."""

    system: System
    technician: Someone
    analyst: Someone
    manager: Someone
    case: str
    item: str

    def reference(self, name: str, content: bytes) -> str:
        """Propose and approve reference sequences, every record that contradicts the others kept; the set's UUID."""
        made = self.analyst.api.reference(
            {"kind": "species", "name": name, "edition": "1", "provenance": "public sequences, for this test alone"},
            [("files", f"{name}.fasta", content)],
        )
        curation = f"reference-sets/{made['uuid']}/curation/"
        while waiting := self._undecided(curation):
            for accession in waiting:
                self.analyst.api.post(
                    curation, {"accession": accession, "choice": "keep", "reason": "The search is tested as it came."}
                )
        self.manager.api.post(f"reference-sets/{made['uuid']}/approval/", {"note": "For this test alone."})
        uuid: str = made["uuid"]
        return uuid

    def _undecided(self, curation: str) -> list[str]:
        rows = self.analyst.api.get(curation)["results"]  # those that wait come first
        return [row["accession"] for row in rows if row["needed"] and row["choice"] is None]

    def file(self, name: str, role: str, content: bytes) -> str:
        """Hand in a file about the item; its UUID."""
        made = self.technician.api.upload(f"items/{self.item}/files/", {"role": role}, [("file", name, content)])
        uuid: str = made["uuid"]
        return uuid

    def identify(self, reference: str, files: Mapping[str, str]) -> dict[str, Any]:
        """Run `species.identify` over stored files by role, to the end."""
        body = {
            "method": "species.identify",
            "inputs": [{"role": role, "file": file} for role, file in files.items()],
            "item": self.item,
            "reference_set": reference,
        }
        run = self.analyst.api.post(f"cases/{self.case}/runs/", body)

        def over() -> dict[str, Any] | None:
            now: dict[str, Any] = self.analyst.api.get(f"runs/{run['uuid']}/")
            return now if now["state"] in {"done", "failed", "cancelled"} else None

        done: dict[str, Any] = wait_until(over, seconds=RUN_SECONDS, what=f"{run['reference']} is over")
        assert done["state"] == "done", done["error"]
        return done

    def artefact(self, run: dict[str, Any], name: str) -> bytes:
        """A result file of a run."""
        row = next(one for one in run["outputs"] if one["name"] == name)
        return self.analyst.api.bytes(f"files/{row['file']}/content/")


@contextmanager
def laboratory(database: TestDatabase, broker: TestBroker, folder: Path) -> Iterator[Laboratory]:
    """A running laboratory in `folder`."""
    with running_system(folder, {**database.environment(), **broker.environment()}) as system:
        system.start("worker", "web")
        custodian = someone(system, Role.CUSTODIAN, name="Tomás Ferreira")
        who = builders.actor_of(custodian.user)
        case = builders.case(who)
        item = builders.exhibits(who, case)[0].item
        yield Laboratory(
            system=system,
            technician=someone(system, Role.TECHNICIAN, name="Ana Reyes"),
            analyst=someone(system, Role.ANALYST, name="Amina Yusuf"),
            manager=someone(system, Role.MANAGER, name="Okello Odongo"),
            case=case.reference,
            item=str(item.uuid),
        )
