"""From measured times to replicas, waiting and dollars: the system as queues, simulated day by day."""
