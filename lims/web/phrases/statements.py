"""Captions of figures, lines of pedigrees, assumptions and limits of methods."""

from django.utils.translation import gettext_noop as _

PHRASES: tuple[str, ...] = (
    _("Of the %(n)s best populations these stay possible: %(names)s."),
    _(
        "The 95 %% region has %(wide)s, the 50 %% region %(half)s, around %(place)s (flat prior). Countries in it: "
        "%(countries)s."
    ),
    _(
        "The 95 %% region has %(wide)s, the 50 %% region %(half)s, around %(place)s (density prior). Countries in "
        "it: %(countries)s."
    ),
    _("%(level)s regions held %(n)s of %(all)s left-out animals (%(low)s to %(high)s)"),
    _("95.4 %% ranges: %(each)s"),
    _(
        "the pedigree is not excluded: %(n)s of %(all)s claims tested in %(tests)s tests, each at %(p)s (%(alpha)s "
        "for the whole). Squares are fathers, circles mothers, diamonds neither; a broken frame: not typed. Lines "
        "drawn through: not excluded; broken and crossed out: excluded; dotted with a question mark: not tested."
    ),
    _(
        "the pedigree is not excluded: %(n)s of %(all)s claims tested in %(tests)s tests, each at %(p)s (%(alpha)s "
        "for the whole). Squares are fathers, circles mothers, diamonds neither; a broken frame: not typed. Lines "
        "drawn through: not excluded; broken and crossed out: excluded; dotted with a question mark: not tested. "
        "Excluded: %(names)s."
    ),
    _(
        "the pedigree is excluded, it breaks first at %(name)s (%(each)s): %(n)s of %(all)s claims tested in "
        "%(tests)s tests, each at %(p)s (%(alpha)s for the whole). Squares are fathers, circles mothers, diamonds "
        "neither; a broken frame: not typed. Lines drawn through: not excluded; broken and crossed out: excluded; "
        "dotted with a question mark: not tested."
    ),
    _(
        "the pedigree is excluded, it breaks first at %(name)s (%(each)s): %(n)s of %(all)s claims tested in "
        "%(tests)s tests, each at %(p)s (%(alpha)s for the whole). Squares are fathers, circles mothers, diamonds "
        "neither; a broken frame: not typed. Lines drawn through: not excluded; broken and crossed out: excluded; "
        "dotted with a question mark: not tested. Excluded: %(names)s."
    ),
    _("%(name)s (mother %(mother)s, father %(father)s): %(each)s."),
    _("%(name)s (mother %(mother)s): %(each)s."),
    _("%(name)s (father %(father)s): %(each)s."),
    _("EXCLUDED"),
    _("not excluded"),
    _("%(name)s alone EXCLUDED"),
    _("%(name)s alone not excluded"),
    _("alone: %(said)s"),
    _("%(name)s EXCLUDED"),
    _("%(name)s not excluded"),
    _("%(n)s contradictions at %(all)s loci"),
    _("%(n)s expected of typing errors"),
    _("%(share)s of unrelated claimants would be excluded"),
    _("the other parent is not typed enough (no loci together)"),
    _("the other parent is not typed enough (%(names)s)"),
    _("The tissue took up carbon of its time, without delay by diet, water or preservation."),
    _("The curve is that of the zone where the animal lived."),
    _("The measurement's error is normal, as stated."),
    _("The date is of the sampled increment, not of death."),
    _("Values on both limbs of the bomb curve have several ranges; one increment alone cannot tell which."),
    _("Outside the curve nothing is dated."),
    _("Each class is normal about its mean, with one common covariance."),
    _("Training animals are of the same tissue and region as the sample, measured on the same scales."),
    _("Speaks of the classes of the training set only; a sample unlike all of them is refused."),
    _("Animals caught lately, ranched or fed in the wild may look like either class."),
    _("The typings of a sample are separate amplifications of one extract of one animal."),
    _("Errors of one typing do not depend on those of another."),
    _("An allele that failed in every typing leaves a false homozygote."),
    _("Rates rest on confirmed genotypes, so that the hardest loci and samples are not among them."),
    _("Two animals in one tube are found only where they show three alleles together."),
    _("Loci are independent and unlinked; animals are not inbred."),
    _("Allele frequencies of the reference data are those of the animals in question."),
    _("Dropout and misreading happen independently, at the stated rates."),
    _("What the panel does not resolve stands in every result; a missed relative is no proof of none."),
    _("Relationships beyond the second degree are not looked for."),
    _("A pair is a lead for the laboratory, never a finding of its own."),
    _("Loci are independent; the population's substructure is held by θ."),
    _("Relatives are not unrelated: where they may be among the animals, siblings are the bound that counts."),
    _("A profile that is not among those searched cannot be found."),
    _("Tables must be typed with one panel and the same bins."),
    _("Loci are unlinked and inherited by Mendel's rules; mutations are counted among the errors."),
    _("Animals that are said not to be parents are drawn from the population of the allele frequencies."),
    _("Close relatives of the true parents are often not excluded; how often is stated."),
    _("At least eight loci typed in all animals of a claim are needed; a parent typed otherwise is tested alone."),
    _("Which of parent and young is the older is not tested."),
    _("Loci are independent within a population and in Hardy-Weinberg proportions."),
    _("Baseline animals are a random sample of their population and correctly labelled."),
    _("Samples and baseline were typed with the same alleles and bins."),
    _("Each population has the same prior weight."),
    _("Names only populations of the baseline; a neighbour of an unsampled origin may stay possible."),
    _("Populations with weak differentiation (F_ST below about 0.05) are often confused."),
    _("Typing errors and null alleles are not modelled; they push towards exclusion."),
    _("A locus typed in no animal of a population is resampled from all populations together."),
    _("Given the place, genotype and isotope value are independent; the analyst says why."),
    _("The tissue grew where the animal was born and lived."),
    _("Every km² of the map is as likely beforehand."),
    _(
        "Joint regions were tried on made animals only, where those of 50 %% held the place in 48 to 53 %% of "
        "cases outside sampled sites and in 46 to 73 %% at sampled ones."
    ),
    _("Where independence fails the region is too small."),
    _("Places without isoscape data are lost."),
    _("Reference animals were sampled at random within their region, not as families."),
    _("Sample and reference were typed over the same stretch of sequence."),
    _("Not seen is not absent: the upper end of the interval is what may still be there."),
    _("Mitochondria follow mothers only and count as one marker."),
    _("It is no assignment: it gives no probability of a place."),
    _("The tissue grew where the animal lived, on local water and food."),
    _("Known animals are of the same tissue and were treated alike."),
    _("Every km² of the isoscape is as likely beforehand."),
    _("A value fits many places: the region says where it is not excluded."),
    _("A value that fits no place (p below 0.01 at the nearest) has no region; one from beyond the edge may fit."),
    _("Migration, captivity and feeding break the link to the map."),
    _("Values on scales that share no standards are not compared."),
    _("Allele frequencies change gradually over the map."),
    _("Loci are independent given the place, and in Hardy-Weinberg proportions."),
    _("Reference animals were sampled where the table says and are a fair sample of that place."),
    _("Flat prior: every km² of the map is as likely beforehand; density prior: places as they were sampled."),
    _("Shows only places inside the map's frame or range map; an origin outside cannot be shown."),
    _("A barrier, or animals moved by people, breaks the gradual change the map rests on."),
    _("A region is an answer, its middle is not: an animal may come from anywhere inside."),
    _("Every animal comes from a population of the reference data."),
    _("Animals of the consignment were drawn independently."),
    _("Loci are independent and in Hardy-Weinberg proportions within populations."),
    _("Animals from elsewhere are counted with the population they resemble most."),
    _("The interval holds the drawing of animals, not what the finite reference data adds."),
    _("Populations that hardly differ cannot be told apart; their shares go together."),
    _(
        "In %(n)s of %(all)s seizures one allele copy in twenty or more is not among those of «%(name)s»: from "
        "another region? These frequencies hold for every pair; search such seizures apart."
    ),
    _("«%(name)s» lacks loci of the panel; the frequencies are those of the profiles compared."),
    _("The frequencies are those of the profiles compared, relatives among them included."),
    _("loci"),
    _("calibration"),
    _("claims tested"),
    _("coverage"),
    _("domain"),
    _("duplicate genotype"),
    _("frequencies"),
    _("inside the curve"),
    _("methods agree"),
    _("mixed"),
    _("one range"),
    _("range map"),
    _("range of known"),
    _("scale"),
    _("second increment"),
    _("shared loci"),
    _("surfaces agree"),
    _("typed loci"),
    _("typings"),
    _("unknown alleles"),
    _("untyped"),
    _("zone"),
    _("notice"),
    _("same genotype"),
    _("resolution"),
    _("power identity"),
    _("power parent offspring"),
    _("power full siblings"),
    _("power half siblings"),
    _("resolution unrelated"),
    _("resolution one unrelated"),
    _("resolution one sibling"),
    _("resolution sibling"),
    _("resolution young sibling"),
)
