"""What is generated of the clients, from the gateway's OpenAPI document."""
