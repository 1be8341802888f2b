"""What the ledger says about stored files: schema `vault.file/1`, in the stream of what the file is about.

stored               the bytes with this SHA-256 are in the evidence store, under this retention
disclosed            they were handed out with a disclosure
retention_extended   they are kept longer or more strictly
hold_set             they are under legal hold
hold_cleared         they are not any more

`file` is the UUID of the stored file, dates are RFC 3339 text in UTC, `size` is in bytes. The file's name may name
a person, so it is committed.
"""

from chain_of_custody.schemas import declare, fields

FILE = declare(
    "vault.file/1",
    {
        "stored": fields(
            "file sha256 size media_type role store key retention_mode retention_until",
            optional="version",
            committed="name",
        ),
        "disclosed": fields("file sha256", committed="recipient"),
        "retention_extended": fields("file sha256 retention_mode retention_until"),
        "hold_set": fields("file sha256"),
        "hold_cleared": fields("file sha256"),
    },
)
