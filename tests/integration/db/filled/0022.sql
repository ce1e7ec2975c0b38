UPDATE acme.server
   SET issuers = '{former,local}'
 WHERE name = 'OV';
