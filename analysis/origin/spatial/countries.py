"""Which countries a region touches, and how much of the posterior lies in each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.canonical import Json
from analysis.origin.borders import NOBODY, SOURCE, Borders, Codes, Country, borders, country_grid
from analysis.origin.numbers import number
from analysis.origin.spatial.geography import Floats, Grid, distinct
from analysis.origin.spatial.regions import Region

_FINER = 4
"""Each cell is looked at in 4 by 4 places, so that a country smaller than a cell is not overlooked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryShare:
    """A country inside a region: the share of the whole posterior that lies there, and the area in km²."""

    country: Country
    share: float
    area_km2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Countries:
    """The countries of a map. `fine` (4 rows, 4 columns of each cell) are their numbers, `parts` (G, C) the part of
    each cell that lies in each of the C `present` ones."""

    borders: Borders
    fine: Codes
    present: tuple[int, ...]
    parts: Floats

    def inside(self, grid: Grid, region: Region, share: Floats) -> tuple[CountryShare, ...]:
        """The countries of a region (posterior `share` (G,)), the most probable first; the sea is left out."""
        part = self.parts[region.cells]
        held, areas = share[region.cells] @ part, grid.areas[region.cells] @ part
        order = np.argsort(-held, kind="stable")
        return tuple(
            CountryShare(
                country=self.borders.countries[self.present[place]],
                share=float(held[place]),
                area_km2=float(areas[place]),
            )
            for place in order.tolist()
            if areas[place] > 0
        )


def countries_of(grid: Grid, known: Borders | None = None) -> Countries | None:
    """The countries of a grid, or `None` where no borders are at hand."""
    known = known or borders(grid.frame)
    if known is None:
        return None
    rows, columns = grid.inside.shape
    fine = country_grid(
        known,
        south=grid.south,
        west=grid.west,
        height=grid.height / _FINER,
        width=grid.width / _FINER,
        rows=rows * _FINER,
        columns=columns * _FINER,
    )
    cells = fine.reshape(rows, _FINER, columns, _FINER).transpose(0, 2, 1, 3)[grid.inside].reshape(-1, _FINER**2)
    present = tuple((distinct(cells[cells != NOBODY])).tolist())
    parts = (
        np.stack([(cells == code).mean(axis=1) for code in present], axis=1) if present else np.zeros((len(cells), 0))
    )
    return Countries(borders=known, fine=fine, present=present, parts=parts)


def countries_json(found: tuple[CountryShare, ...]) -> list[Json]:
    """Code, name, share of the posterior and area of each country."""
    return [
        {
            "code": one.country.code,
            "name": one.country.name,
            "share": number(one.share),
            "area_km2": number(one.area_km2),
        }
        for one in found
    ]


def source_json(known: Borders) -> dict[str, Json]:
    """Where the borders come from."""
    return {"source": SOURCE, "version": known.version, "sha256": known.sha256}


def countries_text(found: tuple[CountryShare, ...], *, most: int = 8) -> str:
    """«Kenya 62 %, Uganda 31 %, Somalia below 1 %», shares of the whole posterior."""
    words = [f"{one.country.name} {_percent(one.share)}" for one in found[:most]]
    if len(found) > most:
        words.append(f"{len(found) - most} more")
    return ", ".join(words) if words else "none (sea)"


def _percent(share: float) -> str:
    return "below 1 %" if share < 0.01 else f"{share:.0%}".replace("%", " %")
