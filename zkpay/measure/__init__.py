"""What `zkpay bench` runs: how fast each part is, and how far from what the machine could do (SPEC §9).

The process that asks stays small: everything that computes runs in a process of its own, so that peak memory is
that part's and nobody else's.
"""
