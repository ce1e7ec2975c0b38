"""Issuers: who signs certificates, and what a certificate looks like."""
