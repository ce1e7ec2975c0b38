"""The certificate-order API: /v3/scm, JSON, X-Auth-Token (docs/ssl-api.md)."""
