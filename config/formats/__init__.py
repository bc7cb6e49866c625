"""How the admin writes moments: as the pages do, with the zone, and never as `midnight` or `a.m.`."""
