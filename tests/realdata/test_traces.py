"""The earthworm traces as runs: the consensus of each pair against the published contig."""

from pathlib import Path

import edlib
import pytest

from tests.conftest import TestBroker, TestDatabase
from tests.realdata.support import DATA, laboratory, needs

pytestmark = [pytest.mark.commits, pytest.mark.slow, needs("traces"), needs("barcodes")]

FOLDER = DATA / "traces" / "allolobophora_coi"
PAIRS = [f"Achl_{name}" for name in (
    "ACHLO006-09", "ACHLO007-09", "ACHLO040-09", "ACHLO041-09",
    "RBNII384-13", "RBNII395-13", "RBNII396-13", "RBNII397-13",
)]  # fmt: skip
LEAST_IDENTITY = 0.996


def _sequences(text: str) -> dict[str, str]:
    parts = (part.partition("\n") for part in text.split(">")[1:])
    return {head.split()[0]: body.replace("\n", "").upper() for head, _, body in parts}


def _identity(consensus: str, published: str) -> tuple[float, int]:
    """Share of equal columns where the two overlap, ends that one of them lacks left out, and the columns."""
    path = edlib.align(published, consensus, mode="HW", task="path")
    shown = edlib.getNiceAlignment(path, published, consensus)
    columns = len(shown["target_aligned"].strip("-"))
    return shown["matched_aligned"].count("|") / columns, columns


@pytest.mark.timeout(900)
def test_consensus_of_each_pair_is_the_published_contig(
    committed_db: TestDatabase, embedded_redis: TestBroker, tmp_path: Path
) -> None:
    published = _sequences((FOLDER / "published_contigs.fasta").read_text())
    compared = []
    with laboratory(committed_db, embedded_redis, tmp_path) as lab:
        some = b"".join(
            b">" + part for part in (DATA / "barcodes" / "vert_coi_folmer.fasta").read_bytes().split(b">")[1:401]
        )
        reference = lab.reference("vertebrates", some)
        for pair in PAIRS:
            traces = {
                "trace_forward": lab.file(f"{pair}_F.ab1", "trace_forward", (FOLDER / f"{pair}_1_F.ab1").read_bytes()),
                "trace_reverse": lab.file(f"{pair}_R.ab1", "trace_reverse", (FOLDER / f"{pair}_2_R.ab1").read_bytes()),
            }
            run = lab.identify(reference, traces)
            # No earthworm is among the vertebrates.
            assert run["outcomes"][0]["identification"] in {"inconclusive", "no_result"}, run["outcomes"]
            (consensus,) = _sequences(lab.artefact(run, "consensus.fasta").decode()).values()
            assert len(consensus) >= 600
            assert lab.artefact(run, "chromatogram.svg").startswith(b"<svg")
            if pair in published:
                identity, columns = _identity(consensus, published[pair])
                assert columns >= 600
                assert identity >= LEAST_IDENTITY, (pair, identity)
                compared.append(pair)
    assert compared == sorted(published)
