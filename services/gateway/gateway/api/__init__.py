"""The program that apps and other backends talk to: HTTP, WebSocket, Server-Sent Events and gRPC."""
