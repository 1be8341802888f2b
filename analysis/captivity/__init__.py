"""Wild or captive: support from isotopes and elements, never a proof of a source code."""
