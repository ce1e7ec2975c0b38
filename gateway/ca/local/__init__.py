"""The built-in CAs: root and issuing key in files, signing in this process."""
