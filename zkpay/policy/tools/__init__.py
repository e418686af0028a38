"""What an author of a policy looks at before publishing it: warnings, words, trial runs, presets (SPEC §8.1).

Nothing here decides what is paid; all numbers come from the policy's own evaluator.
"""
