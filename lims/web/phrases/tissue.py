"""Sentences of isotopes, haplotypes, radiocarbon, wild or captive."""

from django.utils.translation import gettext_noop as _

PHRASES: tuple[str, ...] = (
    _("An isotope value fits many places: the region says where it is not excluded, not where the animal was."),
    _(
        "The value dates from when and where the tissue grew; migration, captivity and feeding break the link to "
        "the map."
    ),
    _("Isotopes and genotypes may be combined only if nothing but the place makes them go together."),
    _(
        "%(value)s (%(scale)s) is at home in a region of %(wide)s at 95 %%, %(half)s at 50 %% (flat prior over the "
        "isoscape)."
    ),
    _("Inconclusive: %(said)s"),
    _(
        "%(value)s is at home nowhere on the isoscape, where this tissue is expected from %(low)s to %(high)s (p = "
        "%(p)s at the nearest place): another scale, tissue or species, or an origin off the map?"
    ),
    _("The tissue grew inside the region."),
    _("The tissue grew elsewhere on the isoscape."),
    _("area of the %(level)s region, which holds %(share)s of the posterior, flat prior over the isoscape"),
    _("share of %(n)s animals of left-out sites inside their %(level)s region"),
    _("share of animals of the best place whose value lies as far from what is expected there"),
    _("brought from «%(from)s» (%(value)s) to «%(to)s»"),
    _("measured on the calibration's own scale «%(scale)s»"),
    _("known animals range from %(low)s to %(high)s: this value lies outside, the line is extended"),
    _("known animals range from %(low)s to %(high)s"),
    _("tissue = %(intercept)s + %(slope)s × isoscape, scatter %(scatter)s, %(n)s animals of %(sites)s sites"),
    _("The combined region rests on the stated independence; where that fails it is too small."),
    _(
        "Combined regions were tried on made animals only; on real ones the coverage of each surface alone was "
        "measured."
    ),
    _("Cells of the map without isoscape data are lost to the combination."),
    _(
        "Disagreement: the isotope value is at home nowhere on the isoscape (p = %(p)s at the nearest place), so "
        "there is nothing to multiply; the genotype's answer stands alone."
    ),
    _("Disagreement: genetic and isotopic surface share no place; they are to be reported apart."),
    _(
        "The two hardly agree. Together, 95 %% of the posterior lies in a region of %(wide)s, 50 %% in %(half)s "
        "around %(place)s (flat prior)."
    ),
    _(
        "Together, 95 %% of the posterior lies in a region of %(wide)s, 50 %% in %(half)s around %(place)s (flat "
        "prior)."
    ),
    _("genotype and isotope value together, flat prior; inner region 50 %%, outer 95 %% of the posterior"),
    _(
        "%(share)s of the isotopic posterior lies in the genetic 95 %% region: one of the two may be wrong, or the "
        "animal did not grow up where it was born."
    ),
    _("%(share)s of the isotopic posterior lies in the genetic 95 %% region"),
    _("area of the 95 %% region of the genotype alone, flat prior"),
    _("share of the isotopic posterior on the map that lies in the genetic 95 %% region"),
    _("Not answered, for they lack a genotype with a place or an isotope value: %(names)s."),
    _("Taken as independent: %(why)s"),
    _("area of the region that holds %(level)s of the joint posterior, flat prior"),
    _("genotype alone: share of %(n)s animals of left-out sites inside their 95 %% region"),
    _("isotope value alone: share of %(n)s animals of left-out sites inside their 95 %% region"),
    _("isotope value %(value)s on the calibration's scale «%(scale)s»"),
    _("The isotope value is at home nowhere on the isoscape."),
    _(
        "«Not seen» is a statement about the sampling, not about the place: the upper end of the interval is what "
        "may still be there. Mitochondrial DNA is inherited through mothers only and counts as one marker."
    ),
    _("%(name)s was seen in %(n)s of %(all)s regions: %(each)s."),
    _("%(region)s (%(n)s of %(all)s animals)"),
    _("%(name)s was seen in none of %(n)s animals of %(all)s regions."),
    _("reference animals of %(region)s with this haplotype, seen at %(n)s of %(all)s sites; exact interval"),
    _("The animal descends by its mothers from a region where the haplotype is found."),
    _("No reference animal has this haplotype."),
    _(
        "The date is that of the formation of the sampled increment, not of death; only the youngest increment "
        "(the base of a tusk) dates death."
    ),
    _(
        "Several ranges fit. A second sample from a known older or younger place of the same tissue tells which: "
        "F14C rises towards younger tissue on the rising limb and falls on the falling one."
    ),
    _("A range touches the end of the curve; the tissue may be older or younger than it shows."),
    _(
        "The increment %(id)s (F14C %(value)s ± %(sigma)s) was formed %(each)s (95.4 %% ranges on %(curve)s). "
        "Dated together with %(other)s."
    ),
    _("The increment %(id)s (F14C %(value)s ± %(sigma)s) was formed %(each)s (95.4 %% ranges on %(curve)s)."),
    _("%(from)s to %(to)s (%(share)s)"),
    _(
        "Dated together with %(other)s, which is %(said)s; independent dates would obey this order with "
        "probability %(p)s."
    ),
    _("older"),
    _("younger"),
    _("The increment was formed after the date of the law."),
    _("The increment was formed on that date or before."),
    _(
        "probability that the increment was formed %(from)s to %(to)s (%(said)s), of the ranges of highest density "
        "that hold 95.4 %%"
    ),
    _("rising"),
    _("falling"),
    _("probability of formation after %(day)s: %(law)s"),
    _("one range fits"),
    _("%(n)s ranges fit; a second increment of the same tissue tells which"),
    _("a range touches the end of the curve"),
    _("no range touches an end of the curve"),
    _("zone stated: %(zone)s"),
    _("no zone stated; the curve is of %(said)s"),
    _("no named zone"),
    _("no second increment"),
    _("dated together with %(other)s"),
    _("Support for one keeping against another within this training set; not a proof of a source code."),
    _("An animal caught lately, ranched, head-started or fed in the wild may look like either."),
    _("The tissue speaks of the time in which it grew."),
    _("%(name)s is unlike every class of the training set (nearest «%(nearest)s», p = %(p)s): no answer is given."),
    _(
        "The values of %(name)s are %(ratio)s times as probable in the class «%(first)s» as in «%(second)s» of the "
        "training set (posterior %(posterior)s under the stated prior)."
    ),
    _("The values of %(name)s do not tell the classes apart (ratio %(ratio)s between «%(first)s» and «%(second)s»)."),
    _("A new animal of the nearest class lies as far out with p = %(p)s, below %(alpha)s."),
    _("No class reaches the posterior that is asked for."),
    _("how often a new animal of «%(name)s» lies as far out as this sample"),
    _("right among %(n)s training animals that were named when left out one by one"),
    _("posterior of the class «%(name)s» within the training set, under the stated prior"),
    _("The animal was kept as those of the class «%(name)s»."),
    _("ratio of the predictive densities (multivariate t) of the two classes at the sample's values"),
    _("as far from «%(name)s» as this: p = %(p)s"),
    _(
        "Combined regions reach as far as left-out animals need whose tissue values were drawn, not measured: an "
        "error of the isoscape does not show in them."
    ),
    _(
        "The two hardly agree. Together, the 95 %% region has %(wide)s, the 50 %% region %(half)s, around "
        "%(place)s (flat prior)."
    ),
    _("Together, the 95 %% region has %(wide)s, the 50 %% region %(half)s, around %(place)s (flat prior)."),
    _("genotype and isotope value together, flat prior; inner region 50 %%, outer 95 %%"),
    _("area of the combined %(level)s region, which holds %(share)s of the joint posterior, flat prior"),
    _(
        "combined 95 %% regions held %(n)s of %(all)s (%(low)s to %(high)s) left-out animals with tissue values "
        "drawn for their places"
    ),
)
