"""PostgreSQL, Redis and the supervisor that run Spoor on one machine, with nothing to install but Python."""
