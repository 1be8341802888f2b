"""Sentences of traces, their drawings, and the screen for contamination."""

from django.utils.translation import gettext_noop as _

PHRASES: tuple[str, ...] = (
    _("%(name)s: the stored base calls differ from the basecaller's own; the basecaller's were used."),
    _("Forward and reverse read differ firmly at %(n)s positions: two specimens (a swapped pair) or two templates."),
    _("One read only; no second strand to compare."),
    _(
        "%(n)s bases read on both strands, %(m)s disagreements, %(more)s of them firm (Phred %(least)s or more on "
        "both)."
    ),
    _("%(n)s second peaks above a quarter of the called one, at calls of Phred 20 or more."),
    _("%(base)s: more than one base is possible"),
    _("a second peak: %(base)s"),
    _("Phred %(n)s"),
    _("forward %(base)s (Phred %(n)s), reverse %(other)s (%(m)s)"),
    _("Bases that were trimmed"),
    _("Bases %(n)s to %(m)s"),
    _("Consensus %(bases)s. Nothing is marked."),
    _("Consensus %(bases)s. Marked: %(rows)s."),
    _("%(n)s mixed (%(said)s)"),
    _("%(n)s disagreement (%(said)s)"),
    _("%(n)s edit (%(change)s)"),
    _("Forward read %(name)s"),
    _("Reverse read %(name)s"),
    _("Forward %(name)s"),
    _("Reverse %(name)s"),
    _("Read %(name)s"),
    _("Chromatogram: %(rows)s"),
    _("%(rows)s. The bases and qualities stand in the table of bases."),
    _("%(said)s: %(n)s bases, %(m)s trimmed at the start and %(more)s at the end, reads disagree at %(places)s"),
    _("%(said)s: %(n)s bases, %(m)s trimmed at the start and %(more)s at the end"),
    _("Screened against %(n)s: %(each)s. %(said)s"),
    _("%(n)s handed in with the item's files"),
    _("%(n)s of other samples of the same batch and case"),
    _("%(n)s of samples of other cases of the same batch"),
    _("%(n)s of the batch's negative controls"),
    _("%(n)s of the batch's positive controls"),
    _("%(n)s of the staff"),
    _("%(n)s of earlier runs"),
    _("None is %(share)s alike."),
    _("Alike: %(names)s and %(more)s more. %(said)s"),
    _("Alike: %(names)s. %(said)s"),
    _("No other sequence of the batch was given."),
    _("The run belongs to no batch."),
    _("The run belongs to no batch. %(said)s"),
    _(
        "There was nothing to screen against: the laboratory held no other sequence of this batch, of its "
        "controls, of the staff or of earlier runs."
    ),
    _(
        "There was nothing to screen against: the laboratory held no other sequence of this batch, of its "
        "controls, of the staff or of earlier runs. %(said)s"
    ),
    _("Samples of the batch without a sequence yet: %(n)s."),
    _("Samples of the batch without a sequence yet: %(n)s. %(said)s"),
    _("Controls of the batch without a readable sequence: %(n)s."),
    _("Controls of the batch without a readable sequence: %(n)s. %(said)s"),
    _("Withdrawn since the list was drawn, and not compared: %(n)s."),
    _("Withdrawn since the list was drawn, and not compared: %(n)s. %(said)s"),
    _("A blank holds no animal and people are no exhibit: the sequence may not be the sample's."),
    _("The same species, the same individual, or a contamination."),
)
