"""The clock's door: what the gateway does because time has passed, not because somebody asked.

*Dated* work belongs to an instant of business time that a row of the business carries: a
subscription's next milestone, a pre-validation's renewal. A `Dated` (work.py) says which units are
due at an instant, earliest first, and does one in a transaction of its own, after it has looked
under the row's lock whether it is still to be done. So it can be tried any number of times by any
number of processes, and is done once. *Periodic* work (`Periodic`) is done every so often.

registry.py lists all kinds: a new one is a line there. runner.py lets pgqueuer carry them in every
process; due.py does them in order when the sandbox clock is moved. Neither decides what is due.
"""
