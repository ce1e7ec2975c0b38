"""Use cases: the issuing CA: chains, CRLs, linting."""
