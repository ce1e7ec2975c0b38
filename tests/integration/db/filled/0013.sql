UPDATE acme.challenge
   SET failures = 2, faults = 1, lost_leases = 1, put_off = true
 WHERE status = 'processing';
