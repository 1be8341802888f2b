"""Reads of the laboratory's work. Each filters to what the actor may see."""
