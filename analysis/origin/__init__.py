"""Where an animal came from: assignment to reference population data."""
