"""What a scene is made of: meshes, materials, light, a camera."""
