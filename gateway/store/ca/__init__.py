"""SQL: the issuing CA: chains, CRLs, linting."""
