/* Textures laid of single pieces: boards, blocks, tiles, bricks; and the grain of wood. */
#ifndef TEXTURE_LAID_H
#define TEXTURE_LAID_H

#include "texture.h"

texel texture_boards(const material *m, float u, float v, float footprint);
texel texture_herringbone(const material *m, float u, float v, float footprint);
texel texture_tiles(const material *m, float u, float v, float footprint);
texel texture_wood(const material *m, float u, float v, float footprint);
texel texture_brick(const material *m, float u, float v, float footprint);

#endif
