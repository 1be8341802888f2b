"""A genotype table: animals, loci, allele names and codes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int16]
MISSING = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class GenotypeTable:
    """N animals typed at L loci.

    `codes` has the shape (L, N, 2): positions in `alleles[locus]`, the smaller first, both -1 where the
    locus is not typed; it cannot be written to. `lines` are the rows of the file (the head is row 1),
    `columns` the named descriptive columns.
    """

    name: str
    ids: tuple[str, ...]
    loci: tuple[str, ...]
    alleles: tuple[tuple[str, ...], ...]
    codes: Codes
    lines: tuple[int, ...]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.codes.setflags(write=False)

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, rows: Sequence[int]) -> GenotypeTable:
        """Some of the animals; the names of alleles stay."""
        kept = list(rows)
        return replace(
            self,
            ids=tuple(self.ids[row] for row in kept),
            codes=self.codes[:, kept],
            lines=tuple(self.lines[row] for row in kept),
            columns={name: tuple(cells[row] for row in kept) for name, cells in self.columns.items()},
        )

    @property
    def typed(self) -> npt.NDArray[np.bool_]:
        """(N, L): whether an animal is typed at a locus."""
        return np.ascontiguousarray((self.codes[:, :, 0] != MISSING).T)

    def genotype(self, row: int, locus: int) -> tuple[str, str] | None:
        """The two allele names, or `None`."""
        first, second = self.codes[locus, row]
        if first == MISSING:
            return None
        names = self.alleles[locus]
        return names[first], names[second]

    def genotype_lines(self) -> tuple[str, ...]:
        """One text per animal, loci in order of name: the part of a content hash that does not depend on
        the order of columns or on how missing cells were written."""
        order = sorted(range(len(self.loci)), key=self.loci.__getitem__)
        head = [f"{self.loci[locus]}=" for locus in order]
        columns = [_texts(self.codes[locus], self.alleles[locus]) for locus in order]
        return tuple(
            "\t".join(name + cell for name, cell in zip(head, cells, strict=True))
            for cells in zip(*columns, strict=True)
        )


def content_hash(lines: Sequence[str], *, tag: str) -> str:
    """SHA-256 over a tag and the sorted lines: the same animals in another order are the same content."""
    digest = hashlib.sha256(tag.encode() + b"\0")
    for line in sorted(lines):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def _texts(codes: Codes, names: tuple[str, ...]) -> list[str]:
    wide = len(names) + 1
    keys = (codes[:, 0].astype(np.int64) + 1) * wide + codes[:, 1] + 1
    found, inverse = np.unique(keys, return_inverse=True)
    texts = ["" if key == 0 else f"{names[int(key) // wide - 1]}/{names[int(key) % wide - 1]}" for key in found]
    return [texts[position] for position in inverse.tolist()]
