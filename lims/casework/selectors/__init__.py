"""Reads of casework. Each filters to what the actor may see."""
