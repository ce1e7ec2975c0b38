UPDATE acme.account
   SET external_account_binding = '{"protected": "eyJhbGciOiJIUzI1NiJ9", "payload": "e30", "signature": "AA"}'
 WHERE id = 'filledGrace';
