"""What a list or page of items loads together."""

RELATED = (
    "custodian",
    "container",
    "sealed_by",
    "quantity",
    "exhibit__case__agency",
    "exhibit__seizure",
    "sample__case__agency",
    "sample__exhibit__item",
    "container_of__case__agency",
)
