"""Reads of searches, links and the network they form."""
