"""Acts of disclosure."""
