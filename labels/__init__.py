"""Codes and labels: what is printed on a bag or a tube, and what a scan of it means.

Pure: no framework, no network, no clock. The only importer of `qrcode`.
"""
