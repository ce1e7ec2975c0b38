"""Bringing notices to their receivers: webhooks and mail."""
