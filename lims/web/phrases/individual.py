"""Sentences of repeated typings, the same animal, relatives, claimed parents."""

from django.utils.translation import gettext_noop as _

PHRASES: tuple[str, ...] = (
    _("%(n)s profiles were compared with each other."),
    _("%(n)s profiles were compared with %(all)s profiles of «%(name)s»."),
    _("frequencies of %(n)s animals of «%(name)s»"),
    _("%(n)s loci are in every table"),
    _("%(n)s of %(all)s alleles are not among those of «%(name)s»: columns shifted, or other bins?"),
    _("%(n)s of %(all)s alleles are not among those of «%(name)s»"),
    _("A single pair is never evidence of kinship: among many pairs, unrelated ones reach high ratios by chance."),
    _("Half siblings stand for all relatives of the second degree."),
    _("Kin pairs count as evidence of a link only added up over two seizures, against what chance gives."),
    _(
        "%(n)s of %(all)s pairs reach a likelihood ratio of %(least)s for some relationship against unrelated; "
        "were all unrelated, at most %(chance)s pairs per relationship would be expected. No single pair is "
        "evidence of kinship. %(said)s"
    ),
    _("The panel tells no relationship; it does not resolve %(each)s."),
    _("The panel tells %(each)s; it does not resolve %(each_other)s."),
    _("The panel tells no relationship."),
    _("The panel tells %(each)s."),
    _("the same animal"),
    _("parent and offspring"),
    _("full siblings"),
    _("half siblings"),
    _("The two animals of a pair stand in this relationship."),
    _("They are unrelated."),
    _("pairs of animals compared"),
    _("pairs whose ratio reaches %(least)s for at least one relationship"),
    _("upper bound of unrelated pairs that reach the ratio, per relationship (Markov's inequality)"),
    _("true pairs (%(said)s) expected to reach the ratio, every locus typed"),
    _("%(said)s: %(share)s of true pairs would be found; not resolved by this panel"),
    _("%(said)s: %(share)s of true pairs would be found"),
    _("A likelihood ratio compares two statements; it is not the probability that either is true."),
    _(
        "Full siblings share many alleles: the probability of identity of siblings is the cautious bound where "
        "relatives may be among the animals."
    ),
    _("Not found means not found among the profiles searched."),
    _("%(n)s of %(all)s shared loci typed"),
    _(
        "%(a)s and %(b)s (%(more)s more profiles agree as well) agree at %(n)s of %(all)s loci. The findings are "
        "%(ratio)s times as probable if both are one animal as if they are two unrelated ones; the probability "
        "that an unrelated animal matches is %(p)s (%(low)s to %(high)s). %(said)s"
    ),
    _(
        "%(a)s and %(b)s agree at %(n)s of %(all)s loci. The findings are %(ratio)s times as probable if both are "
        "one animal as if they are two unrelated ones; the probability that an unrelated animal matches is %(p)s "
        "(%(low)s to %(high)s). %(said)s"
    ),
    _("%(name)s is typed at %(n)s of %(all)s loci: too few to say whether it was seen before."),
    _("%(name)s was found in no other profile. %(said)s"),
    _("%(n)s loci differ; the error model counts them as dropout or misread alleles."),
    _("Only %(n)s of %(all)s shared loci are typed."),
    _("Both profiles are of one animal."),
    _("They are of two unrelated animals of the reference population."),
    _(
        "product over loci of the probabilities of the two genotypes under both statements, with θ, dropout and "
        "misread alleles"
    ),
    _("how many profiles this one was compared with"),
    _("two random unrelated animals share a genotype at every locus of the panel"),
    _("two full siblings share a genotype at every locus of the panel: the cautious bound"),
    _(
        "θ-corrected probability (θ %(theta)s) that an unrelated animal of «%(name)s» shows this genotype; "
        "interval over the finite sample of allele frequencies"
    ),
    _("matches to be expected by chance among the profiles searched, were all unrelated"),
    _(
        "log10 of the likelihood ratio, one animal against two unrelated, with the error model; interval over the "
        "finite sample of allele frequencies"
    ),
    _(
        "Not excluded is not proven: relatives of the true parents often pass too. What was not typed is not "
        "supported, and a generation counts only where both parents are claimed, typed together and not excluded."
    ),
    _("A few contradictions may be dropped or misread alleles or a mutation; how many are to be expected is stated."),
    _("One parent and young look alike whichever is the older: the direction of a single claim is not tested."),
    _(
        "The claimed pedigree is excluded: %(n)s of %(all)s claims cannot be true. It breaks first at %(name)s "
        "(%(each)s). %(said)s"
    ),
    _("The claimed pedigree is not excluded, which does not prove it. %(said)s"),
    _(
        "%(n)s of %(all)s claims could be tested, in %(tests)s tests at %(each_alpha)s each, so that a wholly true "
        "pedigree is excluded with a probability of at most %(alpha)s."
    ),
    _("mother %(name)s"),
    _("father %(name)s"),
    _("claims of the pedigree"),
    _("claims whose animals are typed, wholly or for one parent"),
    _("claims that cannot be true"),
    _("tests that share the level: one for a pair, one for a parent alone"),
    _("most generations in captivity that the tests carry"),
    _("%(n)s of %(all)s claims wholly tested, %(one)s for one parent only"),
    _("level of each test: %(alpha)s for the whole pedigree, divided by the number of tests"),
    _("unrelated claimants that would be excluded, in the weakest of the tests"),
    _("Not typed, so that claims about them are not or only partly tested: %(list)s."),
    _("every false claim looked at would be excluded in 80 %% of cases or more"),
    _("not resolved by this panel: %(said)s would be excluded in %(share)s of cases only"),
    _("unrelated animals"),
    _("one true parent and an unrelated animal"),
    _("one true parent and a full sibling of the other"),
    _("a full sibling of the one true parent"),
    _("a full sibling of the young as its parent"),
    _("The claim about %(name)s could not be tested: %(said)s."),
    _("%(names)s not typed"),
    _("too few loci typed together"),
    _("Parentage of %(name)s is excluded for %(list)s. Alone, %(list_alone)s cannot be."),
    _("Parentage of %(name)s is excluded for %(list)s. The other claimed parent was not tested."),
    _("Parentage of %(name)s is excluded for %(list)s."),
    _("the pair"),
    _("%(name)s as mother"),
    _("%(name)s as father"),
    _("%(list)s cannot be excluded as parents of %(name)s: %(each)s. The other claimed parent was not tested."),
    _("%(list)s cannot be excluded as parents of %(name)s: %(each)s."),
    _("%(list)s cannot be excluded as parent of %(name)s: %(each)s. The other claimed parent was not tested."),
    _("%(list)s cannot be excluded as parent of %(name)s: %(each)s."),
    _(
        "%(said)s, alone: %(n)s of %(all)s loci contradict, %(expected)s are expected of a true family by typing "
        "errors, and %(share)s of unrelated claimants would be excluded"
    ),
    _(
        "%(n)s of %(all)s loci contradict, %(expected)s are expected of a true family by typing errors, and "
        "%(share)s of unrelated claimants would be excluded"
    ),
    _("%(said)s: %(n)s of %(all)s loci cannot be inherited (%(names)s); a true family shows so many with p = %(p)s."),
    _("%(said)s: loci of %(all)s that cannot be inherited"),
    _("%(said)s: how often a true family shows as many contradictions under the error model"),
    _("%(said)s: %(said_who)s, claimed instead, that would be excluded"),
    _("%(said)s: %(n)s contradictions at %(all)s loci, %(expected)s expected"),
    _("Every claim of the pedigree is true."),
    _("At least one claim is not."),
    _("The young is of the claimed parents."),
    _("The young is of other parents."),
    _("%(one)s and %(other)s show the same genotype at every locus typed in both: one sample twice?"),
    _("Rates are of these runs: another extract, another day or another laboratory may err more often."),
    _("An allele lost in every run is not seen; a sample typed few times hides it more easily."),
    _("%(name)s: %(runs)s typings confirm a genotype at %(n)s of %(all)s loci."),
    _("%(name)s: %(runs)s typings confirm no genotype at any of %(all)s loci."),
    _(
        "%(name)s: three or more alleles are confirmed at %(names)s: more than one animal, or a mixed tube. It is "
        "not to be compared as one profile."
    ),
    _("loci of %(all)s at which the typings confirm a genotype"),
    _("Left untyped, for no allele was seen in %(runs)s runs and no homozygote alone in %(more)s: %(names)s."),
    _("Three or more alleles, each in %(runs)s runs: %(names)s."),
    _("share of %(n)s typings of confirmed heterozygotes, over all samples, that showed one allele"),
    _("share of %(n)s typings of confirmed genotypes, over all samples, with an allele that is not in them"),
    _("%(n)s typings; a homozygote needs %(least)s"),
    _("%(n)s of %(all)s loci confirmed"),
    _("three or more alleles at %(n)s loci"),
)
