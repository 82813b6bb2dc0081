"""From untrusted bytes to a photo that is safe to keep and to work on."""
