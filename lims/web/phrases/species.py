"""Sentences of species identification: names, reasons, rates, declared species, tree, diagnostic sites."""

from django.utils.translation import gettext_noop as _

PHRASES: tuple[str, ...] = (
    _("The set is not calibrated for this locus and length: no error rate is known. Run «species validate»."),
    _(
        "The first part fits %(taxon)s, the part from base %(n)s on %(taxon_other)s; joined they leave %(m)s "
        "bases over, and no single record fits as well: a product of two templates."
    ),
    _("%(n)s positions hold two bases; %(list)s together leave %(m)s positions unexplained."),
    _("%(n)s pairs of species explain the sequence equally well."),
    _("The nearest record of %(taxon)s lies at %(at)s, within the limit of %(limit)s; %(said)s."),
    _("no other species is near"),
    _("the next species, %(taxon)s, lies at %(at)s"),
    _("The confidence is %(n)s, and %(least)s is asked for: %(m)s of %(all)s absent species of the set were as sure."),
    _(
        "%(n)s species lie at %(low)s to %(high)s from the sequence, and this locus does not tell them apart well "
        "enough; %(said)s. Taken as one species their confidence is %(m)s, and %(least)s is asked for."
    ),
    _("The nearest record is named «%(taxon)s», which settles no species."),
    _("At this locus and length no confidence keeps wrong names for absent species low enough."),
    _(
        "The nearest record (%(taxon)s) lies at %(at)s, beyond the limit of %(limit)s: the true species may be "
        "missing from the set."
    ),
    _(
        "%(taxon)s and %(taxon_other)s lie equally near, at %(at)s; %(gap)s between them is asked for, and no "
        "group of species stands apart either."
    ),
    _(
        "The nearest record (%(taxon)s) lies at %(at)s; %(said)s. The confidence is %(n)s, and %(least)s is asked "
        "for: the true species may be missing from the set."
    ),
    _(
        "No genus can be named either: the nearest record lies at %(at)s; within %(limit)s and %(gap)s nearer "
        "than any other genus is asked for."
    ),
    _(
        "The %(said_rank)s %(taxon)s lies at %(at)s, within the limit of %(limit)s, and no other %(said_rank)s is "
        "within %(gap)s of that."
    ),
    _("genus"),
    _("family"),
    _("%(said)s; each species counts once"),
    _("leave-one-species-out: absent species that this rule named as another species"),
    _("leave-one-out: species with several records, one of them taken out, named as a wrong species"),
    _("leave-one-out: species with several records, one of them taken out, named at all"),
    _("leave-one-species-out: absent species for which this rule named a group of others"),
    _("leave-one-out: species with several records, one of them taken out, given a group that does not hold it"),
    _("leave-one-out: species with several records, one of them taken out, given a group"),
    _(
        "leave-one-%(said_rank)s-out: species whose %(said_rank)s is absent, given another %(said_rank)s; each "
        "species counts once"
    ),
    _(
        "leave-one-species-out with the %(said_rank)s present: species given a wrong %(said_rank)s; each species "
        "counts once"
    ),
    _("The sequence was identified as %(taxon)s."),
    _("The sequence was identified as %(taxon)s; the nearest record of %(taxon_other)s lies at %(at)s."),
    _("Every record of %(taxon)s lies at %(at)s or more, beyond %(limit)s; others are nearer."),
    _("The nearest record of %(taxon)s lies at %(at)s: neither confirmed nor excluded."),
    _("The sequence was identified as %(taxon)s; the set has no record of %(taxon_other)s, of another genus."),
    _("The set has no record of %(taxon)s that can be compared: it can be neither confirmed nor excluded."),
    _("The sequence was identified as %(taxon)s; no species of %(genus)s was declared, the genus agrees."),
    _("«%(taxon)s» is no scientific name of a species, and no genus of the set: nothing follows from it."),
    _(
        "The sequence was identified as %(taxon)s; the set has no record of %(taxon_other)s, which may be the "
        "same species under another genus."
    ),
    _("%(said)s The set knows no genus %(genus)s: this holds unless %(taxon)s is another name of what was found."),
    _("%(taxon)s is %(taxon_other)s in the names of the set. %(said)s"),
    _("The species was not resolved among %(names)s."),
    _("The sequence was identified as genus %(taxon)s; the species was not resolved."),
    _("The sequence was identified as family %(taxon)s; the genus was not resolved."),
    _("The sequence holds two species: %(names)s."),
    _("There is no result."),
    _("The sequence was not identified."),
    _("%(taxon)s is excluded. %(said)s"),
    _(
        "1 − edits / (overlap − unsettled): Levenshtein edits over the stretch query and reference share, "
        "overhanging ends free, IUPAC codes that can stand for the same base equal; overlap in bases of the inner "
        "one, unsettled the IUPAC codes of the reference in it"
    ),
    _("overlap / query length"),
    _(
        "Kimura 1980 two-parameter distance over aligned columns of two plain bases; null where undefined, and "
        "for comparisons with gaps beyond the two nearest"
    ),
    _("1 − identity"),
    _(
        "how sure the nearest species is, 0 to 1: logistic regression on distance, gap to the next species and "
        "spread inside the species, fitted on leave-one-out against leave-one-species-out searches of the set, "
        "both weighing the same; never less for a nearer sequence; is no probability for the case; null without "
        "calibration or with two templates"
    ),
    _(
        "the least confidence at which the rule of the set, this locus and this length names a species; null "
        "where it names none"
    ),
    _(
        "searches of the set, not used for the fit, with this confidence (step) or more: present species found "
        "rightly, absent species taken for another; each species counts once"
    ),
    _("leave-one-out searches, not used for the fit, that were as sure: species in the set, found rightly"),
    _(
        "leave-one-species-out searches, not used for the fit, that were as sure: species not in the set, taken "
        "for another"
    ),
    _("%(said)s (step %(n)s)"),
    _(
        "diagnostic sites (simple pure characters): bases that all sequences of the species named share and no "
        "sequence of a congener has; positions in the query"
    ),
    _("distance to the nearest other species − largest distance between records of the named species"),
    _("%(n)s usable bases of %(all)s; %(least)s are needed."),
    _("No reference of the set shares a stretch with this sequence."),
    _("%(n)s of %(all)s bases are not settled, more than %(most)s: more than one template, or a poor signal."),
    _("%(n)s of %(all)s bases are not settled; at most %(most)s may be."),
    _("The result relates to the sub-sample that was sequenced; it says nothing of age, origin, captivity or number."),
    _("Mitochondrial loci show the maternal line only: a hybrid looks like its mother's species."),
    _(
        "The set has one record of %(taxon)s: how much the species varies is not known from it, and a mislabelled "
        "record could not be noticed."
    ),
    _("No reference at %(locus)s for %(names)s of the same genus."),
    _("Error rates were found with %(n)s bases or more of %(locus)s; %(m)s were compared."),
    _(
        "%(taxon)s stands in the set with a record that covers %(n)s of the %(all)s bases and fits there better "
        "than the nearest record of %(taxon_other)s (%(at)s over %(m)s bases); the other bases say nothing of "
        "%(taxon)s, which is not excluded."
    ),
    _(
        "%(taxon)s stands in the set with a record that covers %(n)s of the %(all)s bases and fits there as well "
        "as the nearest record of %(taxon_other)s (%(at)s over %(m)s bases); the other bases say nothing of "
        "%(taxon)s, which is not excluded."
    ),
    _("The same holds for short records of %(names)s."),
    _("No stop codon, no frame shift; this does not rule out a nuclear copy."),
    _("The nearest reference is no coding stretch with one open frame."),
    _("%(n)s stop codons and %(m)s frame shifts at good positions: possibly a nuclear copy."),
    _("No species was named."),
    _("No congener of %(taxon)s has a record at this locus."),
    _("%(n)s sequences of %(taxon)s and %(m)s of %(every)s congeners"),
    _("%(n)s sequences of %(taxon)s and %(m)s of %(every)s congeners (%(more)s more congeners were not compared)"),
    _("No site tells %(taxon)s from its congeners at every record: %(said)s."),
    _("The query has the base of %(taxon)s at %(n)s of %(all)s diagnostic sites, found among %(said)s."),
    _("No species was named; the tree shows what lies near."),
    _(
        "The query and the %(n)s records of %(taxon)s are no group of their own; without the query its records "
        "are %(said)s. %(least)s is commonly asked for."
    ),
    _(
        "The query and the %(n)s records of %(taxon)s are a group of their own, support %(support)s; without the "
        "query its records are %(said)s. %(least)s is commonly asked for."
    ),
    _("no group"),
    _("a group, support %(support)s"),
    _("Neighbour-joining tree"),
    _("K2P distances; supports in per cent of bootstrap replicates of the sites."),
    _("Nearest species"),
    _("Distance (1 − identity) of the nearest record of each species."),
    _("To which species, or to which higher taxon, does the sequence belong?"),
    _("The sequence belongs to %(taxon)s."),
    _("The sequence belongs to a species that has records in the reference set."),
    _("The sequence belongs to a species that has no record in the reference set."),
    _("The records of the reference set are rightly named but for a small share."),
    _("The sequence is of the locus the set holds, from one template."),
    _("Absent species relate to those in the set as the species in the set relate to each other."),
    _("Mitochondrial and plastid loci show one parent only; hybrids and domestic forms are not told apart."),
    _(
        "Species that share a sequence are not told apart; a species without a record can only be missed or, at "
        "the stated rate, be taken for another."
    ),
    _("A nuclear copy with an open frame is not noticed."),
    _("docs/species.md; error rates of each set stand in its own calibration."),
    _("of 1 (no probability)"),
    _("per site"),
    _("reads"),
    _("read pair"),
    _("double peaks"),
    _("ambiguous bases"),
    _("reading frame"),
    _("diagnostic sites"),
    _("contamination"),
    _("monophyly"),
    _("read filter"),
    _("blank"),
    _("positive control"),
    _(
        "The confidence is %(n)s, and %(least)s is asked for: %(m)s of %(all)s absent species of the set would be "
        "named."
    ),
    _(
        "leave-one-out searches, each by weights it had no part in, that were as sure: species in the set, found "
        "rightly"
    ),
    _(
        "leave-one-species-out searches, each by weights it had no part in, that were as sure: species not in the "
        "set, taken for another"
    ),
    _(
        "searches of the set, each by weights it had no part in, with this confidence (step) or more: present "
        "species found rightly, absent species taken for another; each species counts once"
    ),
)
