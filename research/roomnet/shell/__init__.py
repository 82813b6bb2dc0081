"""What a room is built of: walls with openings, windows, doors, floor, ceiling."""
