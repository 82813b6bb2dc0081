"""gRPC as all services speak it: server, channel, interceptors, deadlines, errors, health, mutual TLS."""
