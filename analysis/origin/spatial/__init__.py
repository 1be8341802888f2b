"""Continuous origin: allele frequencies as smooth surfaces, and the posterior of a sample over a map."""
