"""From an engine to the maps, the room type and the scores that a caller asks for."""
