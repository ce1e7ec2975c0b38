UPDATE ssl.certificate_order
   SET claims = 2
 WHERE status = 'ISSUING';

UPDATE acme.challenge
   SET internal_faults = 1
 WHERE status = 'processing';
