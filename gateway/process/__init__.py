"""Processes and their sockets."""
