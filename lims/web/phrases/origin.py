"""Sentences of assignment, mixture and map."""

from django.utils.translation import gettext_noop as _

PHRASES: tuple[str, ...] = (
    _(
        "A population without reference animals in the baseline cannot be named; the posterior compares only the "
        "populations listed."
    ),
    _(
        "The accuracy beside the answer was measured on baseline animals, each left out of its own population; it "
        "holds only if the true origin is in the baseline."
    ),
    _("The sample is itself in the baseline; it was left out of its own population."),
    _(
        "Exactly the same genotype as %(list)s: one animal typed twice? Duplicates must be merged before animals "
        "are counted."
    ),
    _("Fewer than %(n)s reference animals in %(list)s: its score and its exclusion rest on little."),
    _("No result: %(said)s"),
    _("None of these populations: all %(n)s populations of the baseline are excluded (p below %(alpha)s)."),
    _("Inconclusive: %(list)s stay possible; %(said)s"),
    _(
        "Among %(n)s populations, the genotype is best explained by group %(name)s (posterior %(posterior)s, equal "
        "prior weights); %(said)s"
    ),
    _(
        "Among %(n)s populations, the genotype is best explained by %(name)s (posterior %(posterior)s, equal prior "
        "weights); %(said)s"
    ),
    _("excluded (p below %(alpha)s): %(out)s of %(all)s populations."),
    _("Every population of the baseline is excluded (p below %(alpha)s)."),
    _("No locus of the baseline is typed."),
    _(
        "%(n)s of %(all)s allele copies are unknown in the baseline, more than two: columns shifted, another "
        "calibration, or another species?"
    ),
    _("%(n)s of %(all)s allele copies are unknown in the baseline: columns shifted?"),
    _("%(name)s has the highest posterior but is excluded (p = %(p)s); the true origin may not be in the baseline."),
    _("No population or group reaches a posterior of %(threshold)s."),
    _("No population reaches a posterior of %(threshold)s."),
    _("Only %(n)s of %(all)s loci are typed; %(least)s are needed."),
    _(
        "%(n)s alleles are unknown in the baseline, more than two: columns shifted, or another calibration? Check "
        "the typing before relying on this."
    ),
    _("The animal comes from a population that is not in the baseline."),
    _("posterior of %(name)s, equal prior weight for each population"),
    _("share of genotypes made of %(name)s that fit no better"),
    _("right to population among %(n)s baseline animals whose best posterior was %(low)s to %(high)s"),
    _("right to group among %(n)s baseline animals whose best posterior was %(low)s to %(high)s"),
    _("%(n)s of %(all)s loci typed"),
    _("%(n)s allele copies unknown in the baseline"),
    _("no other sample has exactly this genotype"),
    _("posterior and exclusion p of each population, best first"),
    _("log-likelihood of the sample, and 1, 50 and 99 %% points of genotypes made of each population"),
    _("Loci of the baseline that the samples lack: %(names)s."),
    _("Loci of the samples that the baseline lacks, not used: %(names)s."),
    _("Columns not read: %(names)s."),
    _("Of %(n)s animals, the shares that explain the genotypes best are %(each)s and %(rest)s more."),
    _("Of %(n)s animals, the shares that explain the genotypes best are %(each)s."),
    _("%(name)s %(share)s (%(low)s%% to %(high)s%%)"),
    _("The animals were drawn from the populations of the reference data in these shares."),
    _("%(n)s animals without a typed locus were left out"),
    _("share of the consignment from %(name)s; bootstrap interval over animals"),
    _(
        "Shares are of the populations of the baseline only; animals from elsewhere are counted with the "
        "population they resemble most. Intervals hold the drawing of animals, not what the finite baseline adds."
    ),
    _("The answer is confined to the map's frame; an origin outside it cannot be shown."),
    _(
        "A country inside a region is where the animal may come from, as the neighbouring ones are; borders are "
        "those of Natural Earth and say nothing about sovereignty."
    ),
    _(
        "The map supposes that allele frequencies change gradually; behind a barrier or after a transport of "
        "animals they may not."
    ),
    _(
        "Inconclusive: %(said)s The 95 %% region has %(wide)s, the 50 %% region %(half)s, around %(place)s (flat "
        "prior)."
    ),
    _("The 95 %% region has %(wide)s, the 50 %% region %(half)s, around %(place)s (flat prior)."),
    _(
        "Places of reference animals are the middles of squares of %(km)s km, in the computation too: no place is "
        "known better than to about %(half)s km."
    ),
    _("No country borders were at hand."),
    _("No range map was given: the region may include sea or places where the species does not live."),
    _("The sample is itself in the baseline; it was taken out of its site."),
    _("All animals of the sample's own population were taken out: this is a validation, not an answer."),
    _(
        "Even at the most probable place so rare a genotype is expected of few animals (p = %(p)s): an origin "
        "outside the map, another species, or typing errors?"
    ),
    _(
        "The discrete answer lies outside the 95 %% region of the map: the two methods disagree, and neither "
        "should be relied on alone."
    ),
    _("The 95 %% region holds %(share)s of the posterior; how often such regions are right was not measured."),
    _(
        "The 95 %% region holds %(share)s of the posterior. How much it must hold was read from baseline animals "
        "taken out and placed again: %(said)s (95 %% intervals)."
    ),
    _(
        "95 %% regions held %(n)s of %(all)s (%(low)s to %(high)s) animals whose population was left out and %(m)s "
        "of %(every)s (%(least)s to %(most)s) left out alone"
    ),
    _("The animal comes from inside the region."),
    _("The animal comes from elsewhere on the map."),
    _("The animal comes from a place outside the map."),
    _("The animal comes from %(name)s."),
    _("Regions of 50 and 95 %% under both priors, beside the place of the best population."),
    _("share of animals of the most probable cell whose genotype fits no better"),
    _("from the middle under the flat prior to where %(name)s was sampled"),
    _("area of the %(level)s region, which holds %(share)s of the posterior; %(said)s"),
    _("flat prior: every km² of the map is as likely beforehand"),
    _("sampling-density prior: places are as likely beforehand as they were densely sampled"),
    _("share of %(n)s baseline animals whose population was left out and that lay in their 95 %% region (flat prior)"),
    _("the discrete answer lies inside the 95 %% region of the map"),
    _("the discrete answer lies outside the 95 %% region of the map"),
    _("map and discrete answer could not be compared"),
    _("confined to the range map"),
    _("no range map was given: the frame holds the region"),
    _("regions were not calibrated"),
)
