"""Who it is and whose relative: matching genotypes and kinship likelihood ratios."""
