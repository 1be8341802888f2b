"""Reads of disclosure. Each filters to what the actor may see."""
