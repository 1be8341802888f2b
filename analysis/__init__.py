"""Pure science: what a laboratory's analyses compute, and nothing else.

No framework, no network, no clock, no database. Files and frozen values go in, an
`Outcome` and artefacts come out; the same input gives the same bytes. A defence expert runs this
package alone: ``python -m analysis species …``, ``python -m analysis origin …``.
"""
