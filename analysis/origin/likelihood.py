"""Genotype likelihoods of Rannala & Mountain (1997), and leave-one-out.

An allele's frequency in a population has a Dirichlet prior of 1/K per allele, K being the number of alleles
known at the locus. With c copies of an allele among n copies typed, the probability of the next genotype
is compound Dirichlet: (a)(a+1)/((n+1)(n+2)) for a homozygote and 2ab/((n+1)(n+2)) for a heterozygote,
with a = c + 1/K. Leave-one-out takes an animal's own two copies out of its population (K stays), as the
program rubias does (Moran & Anderson 2019).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.genotypes.table import MISSING, Codes
from analysis.origin.baseline import Baseline

Floats = npt.NDArray[np.float64]


def log_likelihoods(baseline: Baseline, codes: Codes) -> Floats:
    """Log-likelihood of every genotype in every population, shape (N, P).

    `codes` (L, N, 2) are in the baseline's allele order; numbers from a locus's allele count on mean
    alleles the baseline does not hold (each different one widens K by one for that genotype). Untyped
    loci add nothing. Loci are added in order, so the sum does not depend on the machine's linear algebra.
    """
    total = np.zeros((codes.shape[1], len(baseline.populations)))
    for locus in range(codes.shape[0]):
        table, inverse = _locus_table(baseline, locus, codes[locus])
        total += table[inverse]
    return total


def leave_one_out(baseline: Baseline) -> Floats:
    """Log-likelihood (N, P) of each baseline animal, its own copies taken out of its own population."""
    total = log_likelihoods(baseline, baseline.table.codes)
    animals = np.arange(len(baseline.table))
    total[animals, baseline.member] = own_log_likelihoods(baseline, animals)
    return total


def own_log_likelihoods(baseline: Baseline, animals: npt.NDArray[np.intp]) -> Floats:
    """Log-likelihood of baseline animals in their own population without themselves, (len(animals),)."""
    member = baseline.member[animals]
    total = np.zeros(len(animals))
    for locus in range(len(baseline.table.loci)):
        pairs = baseline.table.codes[locus, animals]
        typed = pairs[:, 0] != MISSING
        first, second = np.where(typed[:, None], pairs, 0).T
        same = first == second
        counts = baseline.counts[:, locus]
        own = np.where(same, 2, 1)
        scores = pair_log_probability(
            first_copies=counts[member, first] - own,
            second_copies=counts[member, second] - own,
            same=same,
            copies=baseline.copies[member, locus] - 2,
            allele_count=int(baseline.allele_counts[locus]),
        )
        total += np.where(typed, scores, 0.0)
    return total


def pair_log_probability(
    *,
    first_copies: npt.NDArray[np.integer],
    second_copies: npt.NDArray[np.integer],
    same: npt.NDArray[np.bool_],
    copies: npt.NDArray[np.integer],
    allele_count: int | npt.NDArray[np.integer],
) -> Floats:
    """Log of the compound Dirichlet probability of an unordered pair of alleles; arrays broadcast.

    Negative copies (an untyped animal taken out) are read as none.
    """
    prior = 1.0 / np.maximum(allele_count, 1)
    first = np.maximum(first_copies, 0) + prior
    second = np.where(same, first + 1.0, np.maximum(second_copies, 0) + prior)
    n = np.maximum(copies, 0) + 1.0
    scores: Floats = np.log(first * second * np.where(same, 1.0, 2.0) / (n * (n + 1.0)))
    return scores


def posteriors(log_likelihood: Floats) -> Floats:
    """Posterior of each population (last axis adds to 1) with equal prior weight for each of them."""
    weights = np.exp(log_likelihood - log_likelihood.max(axis=-1, keepdims=True))
    shares: Floats = weights / weights.sum(axis=-1, keepdims=True)
    return shares


def by_group(baseline: Baseline, shares: Floats) -> Floats:
    """Add posteriors of populations to posteriors of groups: (…, P) to (…, G)."""
    total = np.zeros((*shares.shape[:-1], len(baseline.groups)))
    for population, group in enumerate(baseline.group_of):
        total[..., group] += shares[..., population]
    return total


def _locus_table(baseline: Baseline, locus: int, pairs: Codes) -> tuple[Floats, npt.NDArray[np.intp]]:
    wide = int(pairs.max(initial=0)) + 2
    keys, inverse = np.unique((pairs[:, 0].astype(np.int64) + 1) * wide + pairs[:, 1] + 1, return_inverse=True)
    first, second = keys // wide - 1, keys % wide - 1
    known = int(baseline.allele_counts[locus])
    counts = np.zeros((max(wide, known + 2), len(baseline.populations)), dtype=np.int64)
    counts[:known] = baseline.counts[:, locus, :known].T
    same = first == second
    new = (first >= known).astype(np.int64) + ((second >= known) & ~same)
    table = pair_log_probability(
        first_copies=counts[np.maximum(first, 0)],
        second_copies=counts[np.maximum(second, 0)],
        same=same[:, None],
        copies=baseline.copies[None, :, locus],
        allele_count=(known + new)[:, None],
    )
    table[first == MISSING] = 0.0
    return table, inverse.astype(np.intp).ravel()
