"""Rules of the laboratory's work that need neither rows nor requests: plain values in, plain values out."""
