"""Known profiles to compare with: a frozen reference set of kind «individual.profiles»."""

from __future__ import annotations

from pathlib import Path

from analysis.canonical import Json
from analysis.errors import InputRefused
from analysis.genotypes.reader import Layout, TableFormat, read_genotypes
from analysis.genotypes.table import GenotypeTable
from analysis.reference import ReferenceSet, freeze_files, open_reference

KIND = "individual.profiles"
TABLE = "profiles.csv"
FEWEST = 2


def profiles_freeze(
    folder: Path,
    content: bytes,
    *,
    file: str,
    name: str,
    version: str,
    id_column: str,
    table_format: TableFormat = TableFormat.AUTO,
) -> ReferenceSet:
    """Check a genotype table and freeze it. Raises `InputRefused` as `read_genotypes` does and for a single profile."""
    table = read_genotypes(content, name=file, layout=Layout(id=id_column), table_format=table_format)
    if len(table) < FEWEST:
        raise InputRefused(
            f"The table holds {len(table)} profile.", file=file, remedy=f"A comparison set has {FEWEST} or more."
        )
    facts: dict[str, Json] = {
        "id_column": id_column,
        "source_file": file,
        "table_format": table_format.value,
        "profiles": len(table),
        "loci": len(table.loci),
    }
    return freeze_files(folder, {TABLE: content}, kind=KIND, name=name, version=version, facts=facts)


def profiles_open(folder: Path) -> tuple[ReferenceSet, GenotypeTable]:
    """Open a frozen set; every byte is checked."""
    reference = open_reference(folder, kind=KIND)
    facts = reference.facts
    table = read_genotypes(
        reference.path(TABLE).read_bytes(),
        name=f"{reference.name} {reference.version}",
        layout=Layout(id=str(facts["id_column"])),
        table_format=TableFormat(str(facts["table_format"])),
    )
    return reference, table
