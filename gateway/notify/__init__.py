"""Delivering notices to their receivers: webhooks and mail."""
