"""The whole system on one machine: an embedded Valkey, local storage and six processes."""
