-- One database for each gateway: a gateway holds its database alone.
CREATE DATABASE foyer_a ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE foyer_b ENCODING 'UTF8' TEMPLATE template0;
