"""Pure rules of links: what a link is by its entries, which seizures are one, where nodes are drawn."""
