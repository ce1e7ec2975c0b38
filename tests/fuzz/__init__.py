"""Bytes of strangers, in great number: nothing uncaught, and a bounded number of steps for each."""
