"""Genotype tables as laboratories write them, read into one frozen form.

Shared ground of the questions «where from», «who» and «whose relative»: the delimited two-columns-per-locus
table, GENEPOP, STRUCTURE and SCAT files become a `GenotypeTable`; whatever is half-typed, shifted or
doubled is refused with file, row, column and remedy.
"""
