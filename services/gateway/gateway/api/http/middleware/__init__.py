"""What happens around every request, as pure ASGI: nothing is buffered, no task is added."""
