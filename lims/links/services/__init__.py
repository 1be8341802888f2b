"""Acts on searches and links."""
