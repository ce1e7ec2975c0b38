UPDATE acme.server
   SET names = 'public'
 WHERE name = 'OV';
