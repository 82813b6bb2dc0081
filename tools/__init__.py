"""Programs that measure and attack the system; none is installed by a service."""
