"""PostgreSQL as Django's database backend, with an end to every wait (see ``base``)."""
