"""What the project learns from: the room generator, the training of roomnet, the capacity simulation."""
