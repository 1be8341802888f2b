"""The evidence store: raw files, results, reports and packs under their SHA-256, write-once and kept.

The modules below `services` know no Django: a store is chosen by address (`store.store_from_url`), proved by
`probe`, and read only through a reader that checks the digest.
"""
