"""The policy: the published rules and formula of an epoch, and their exact meaning (SPEC §8.1)."""
