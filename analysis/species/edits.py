"""Edits of a consensus as a layer of their own: the raw reads and what was assembled from them stay as they are.

An edit says where, what stood there, what stands there now, why, who decided, and who read it a second time. Edits are
data: the same consensus and the same edits give the same bases, and the unedited bases can always be shown.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analysis.errors import InputRefused
from analysis.species.assembly import Consensus, Edit
from analysis.species.bases import MASK_OF


def edits_read(content: bytes, *, file: str) -> tuple[Edit, ...]:
    """Edits from JSON, a list of objects with the fields of `Edit`; raises `InputRefused` naming row and field."""
    try:
        rows = json.loads(content)
    except ValueError as error:
        raise InputRefused(f"The edits are no JSON: {error}.", file=file) from error
    if not isinstance(rows, list):
        raise InputRefused("The edits are no list.", file=file, remedy="Give a JSON list of edits.")
    edits = []
    for row, item in enumerate(rows, start=1):
        try:
            edit = Edit(
                position=int(item["position"]),
                old=str(item["old"]).upper(),
                new=str(item["new"]).upper(),
                reason=str(item["reason"]).strip(),
                editor=str(item["editor"]).strip(),
                second_reader=str(item["second_reader"]).strip() if item.get("second_reader") else None,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputRefused(
                f"The edit cannot be read: {error!r}.",
                file=file,
                row=row,
                remedy="Give position, old, new, reason, editor and, when there is one, second_reader.",
            ) from error
        edits.append(edit)
    return tuple(edits)


def edits_apply(consensus: Consensus, edits: Sequence[Edit]) -> Consensus:
    """The consensus with its edits; positions of what is kept, qualities and origins move along.

    An edited base has quality 0 (no basecaller vouches for it) and no origin. Raises `InputRefused` where an edit does
    not fit: another base stands there, two edits meet, the reason or the editor is missing, or one person is
    named as editor and second reader.
    """
    for row, edit in enumerate(edits, start=1):
        _check(consensus, edit, row)
    places = [edit.position for edit in edits]
    if len(set(places)) != len(places):
        twice = next(place for place in places if places.count(place) > 1)
        raise InputRefused(f"Two edits are at position {twice}.", field="position", remedy="Join them.")
    bases, qualities = list(consensus.bases.decode()), list(consensus.qualities)
    origins = list(consensus.origins)
    for edit in sorted(edits, key=lambda item: -item.position):
        at, end = edit.position - 1, edit.position - 1 + len(edit.old)
        bases[at:end] = edit.new
        if qualities:
            qualities[at:end] = [np.int64(0)] * len(edit.new)
        if origins:
            origins[at:end] = [(0, 0)] * len(edit.new)
    return replace(
        consensus,
        bases="".join(bases).encode(),
        qualities=np.array(qualities, np.int64),
        origins=tuple(origins),
        edits=tuple(sorted(edits, key=lambda item: item.position)),
    )


def _check(consensus: Consensus, edit: Edit, row: int) -> None:
    problem, field = "", "position"
    stands = consensus.bases[edit.position - 1 : edit.position - 1 + len(edit.old)].decode()
    if not 1 <= edit.position <= len(consensus.bases) + (not edit.old):
        problem = f"There is no position {edit.position}; the consensus has {len(consensus.bases)} bases."
    elif stands != edit.old:
        problem, field = f"At position {edit.position} stands «{stands}», not «{edit.old}».", "old"
    elif len(edit.old) > 1 or len(edit.new) > 1 or edit.old == edit.new:
        problem, field = "An edit changes, removes or inserts one base.", "new"
    elif any(letter not in MASK_OF for letter in edit.new):
        problem, field = f"«{edit.new}» is no IUPAC nucleotide code.", "new"
    elif not edit.reason or not edit.editor:
        problem, field = "An edit needs a reason and an editor.", "reason" if not edit.reason else "editor"
    elif edit.second_reader == edit.editor:
        problem, field = f"{edit.editor} cannot read their own edit a second time.", "second_reader"
    if problem:
        raise InputRefused(problem, row=row, field=field, remedy="Correct the edit; the reads are never changed.")
