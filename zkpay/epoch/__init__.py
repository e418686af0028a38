"""An epoch on disk: commit to its contributions, prove its payouts, verify them, issue receipts (SPEC §8).

Import the modules, or use `zkpay.commit`, `zkpay.prove` and `zkpay.verify`. Verification loads neither the prover
nor a compiled kernel.
"""
