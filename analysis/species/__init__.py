"""Which species a sequence belongs to, and what the reference set does not let anyone say."""
