"""Makes proofs."""
