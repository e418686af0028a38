"""Checks proofs; imports neither the prover nor any compiled kernel."""
