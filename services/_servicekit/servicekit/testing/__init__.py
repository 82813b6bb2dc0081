"""Real servers for tests, as pytest plugins: each starts on a free port and is gone when the test is."""
