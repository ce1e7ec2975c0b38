"""Background jobs: what the gateway does because time has passed, not because of a request.

*Dated* work is due at an instant of business time that a row stores: a subscription's next
milestone, a pre-validation's renewal. A `Dated` (work.py) says which units are due at an instant,
earliest first, and does each in a transaction of its own, after it has checked under the row's lock
that the unit is still to be done. So any number of processes can try a unit any number of times,
and it is done once. A long unit, such as a bulk revocation, has a transaction for each part, and
whoever takes it up goes on behind the last one. *Periodic* work (`Periodic`) is done at regular
intervals of real time.

registry.py lists all kinds: a new one is a line there. runner.py runs them in every process by
means of pgqueuer; due.py does them in order when the sandbox clock is moved. Neither decides what
is due.
"""
