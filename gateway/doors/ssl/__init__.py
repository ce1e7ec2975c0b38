"""The SSL certificate API: /v3/scm, JSON, X-Auth-Token (docs/ssl-api.md)."""
