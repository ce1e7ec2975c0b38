"""RFC 8555: the door of ACME clients."""
