"""`make load`: what an evening brings, to a whole local stack: uploads, pollers, sockets, event streams, cancels."""
