//! The protocol of the ledger as a model whose every interleaving is explored.
