"""The proof system that prover and verifier share: field, AIR, transcript, parameters, proof format (SPEC §2-§8)."""
