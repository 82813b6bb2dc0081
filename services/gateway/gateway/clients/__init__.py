"""The services behind the gateway, as plain async calls."""
