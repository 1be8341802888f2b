"""Acts of the laboratory's work."""
