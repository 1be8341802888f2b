"""Frozen data into documents: typst to PDF/A, PAdES signatures. The only importer of `typst` and `pyhanko`.

Knows no other part of the application but `lims.common`, reads no clock and no database: same data, same bytes.
"""
