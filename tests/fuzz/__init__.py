"""Random input in great number: no uncaught exception, and a bounded number of steps for each."""
