/* Textures laid of single pieces: each has its own tone and grain, and a joint around it. */
#include "texture_laid.h"

#include "noise.h"

/* 1 on the piece, 0 in its joint; `distance` to the piece's edge. A joint thinner than a pixel is drawn as wide and
 * as much paler. */
static float on_piece(float distance, float joint, float footprint) {
    float width = maxf(joint, footprint);
    return 1.0f - (1.0f - ramp(0.5f * width, width, distance)) * minf(1.0f, joint / width);
}

/* 0..1: long streaks along u and cathedral rings across it. */
static float grain(float u, float v, float period, uint32_t seed) {
    float sway = fractal(u * 0.9f, v * 3.0f, 3, seed);
    float rings = 0.5f + 0.5f * sinf(2.0f * PI * (v / period + 5.0f * sway + 0.3f * u));
    float streaks = fractal(u * 5.0f, v * 170.0f, 3, seed + 5u);
    return 0.45f * rings * sway + 0.75f * streaks;
}

/* One piece of wood whose own coordinates are u (along) and v. */
static texel wooden_piece(const material *m, float u, float v, float piece, uint32_t id, float solid) {
    float figure = grain(u + 13.0f * piece, v + 3.0f * piece, 0.035f, m->seed + id % 97u);
    float tone = clampf(0.5f + (piece - 0.5f) * m->detail[1], 0.0f, 1.0f);
    vec colour = mix(load(m->colour[0]), load(m->colour[1]), tone);
    colour = scale(colour, 1.0f + m->detail[0] * (figure - 0.55f));
    return (texel){mix(load(m->colour[2]), colour, solid), 0.85f * solid + 0.15f * figure, 0.85f + 0.3f * figure, solid};
}

texel texture_boards(const material *m, float u, float v, float footprint) {
    float row = floorf(v / m->size[1]), across = v - row * m->size[1];
    float shifted = u + m->size[0] * cell_random((int)row, 17, m->seed);
    float column = floorf(shifted / m->size[0]), lengthwise = shifted - column * m->size[0];
    float edge = minf(minf(across, m->size[1] - across), minf(lengthwise, m->size[0] - lengthwise));
    uint32_t id = hash2((uint32_t)(int)row, (uint32_t)(int)column);
    return wooden_piece(m, lengthwise, across, cell_random((int)row, (int)column, m->seed), id,
                        on_piece(edge, 0.0016f, footprint));
}

/* Blocks of length n widths, laid in an L: in cell (i, j) of one block width, the block is told by (i - j) mod 2n. */
texel texture_herringbone(const material *m, float u, float v, float footprint) {
    float width = m->size[1];
    int n = (int)maxf(2.0f, roundf(m->size[0] / width)), period = 2 * n;
    float x = (u + v) * 0.70710678f / width, y = (v - u) * 0.70710678f / width;
    int i = (int)floorf(x), j = (int)floorf(y), k = ((i - j) % period + period) % period;
    int start_i = k < n ? i - k : i, start_j = k < n ? j : j - (period - 1 - k);
    float along_block = k < n ? x - (float)start_i : y - (float)start_j;
    float across = k < n ? y - (float)j : x - (float)i;
    float edge = minf(minf(across, 1.0f - across), minf(along_block, (float)n - along_block)) * width;
    float piece = cell_random(start_i, start_j, m->seed + (k < n ? 0u : 7u));
    return wooden_piece(m, along_block * width, across * width, piece, hash2((uint32_t)start_i, (uint32_t)start_j),
                        on_piece(edge, 0.0014f, footprint));
}

texel texture_tiles(const material *m, float u, float v, float footprint) {
    float x = u / m->size[0], y = v / m->size[1], column = floorf(x), row = floorf(y);
    float edge = minf(minf(x - column, column + 1.0f - x) * m->size[0], minf(y - row, row + 1.0f - y) * m->size[1]);
    float solid = on_piece(edge, 0.5f * m->detail[1], footprint), piece = cell_random((int)column, (int)row, m->seed);
    float cloud = fractal(u * 6.0f + 40.0f * piece, v * 6.0f, 4, m->seed + 3u);
    float tone = clampf(0.5f + m->detail[0] * (0.7f * (cloud - 0.5f) + 0.5f * (piece - 0.5f)), 0.0f, 1.0f);
    vec colour = mix(load(m->colour[0]), load(m->colour[1]), tone);
    return (texel){mix(load(m->colour[2]), colour, solid), solid, mixf(2.0f, 1.0f, solid), solid};
}

texel texture_wood(const material *m, float u, float v, float footprint) {
    (void)footprint;
    float figure = grain(u, v, m->size[1], m->seed), broad = fractal(u * 1.3f, v * 5.0f, 3, m->seed + 8u);
    vec colour = mix(load(m->colour[0]), load(m->colour[1]), clampf(m->detail[0] * (0.9f * figure + 0.5f * broad - 0.2f), 0, 1));
    return (texel){colour, figure, 0.85f + 0.3f * broad, 1.0f};
}

texel texture_brick(const material *m, float u, float v, float footprint) {
    float row = floorf(v / m->size[1]), x = u / m->size[0] + 0.5f * (row - 2.0f * floorf(row * 0.5f));
    float column = floorf(x), ragged = 0.004f * (fractal(u * 40.0f, v * 40.0f, 3, m->seed) - 0.5f);
    float y = v / m->size[1] - row;
    float edge = minf(minf(x - column, column + 1.0f - x) * m->size[0], minf(y, 1.0f - y) * m->size[1]) + ragged;
    float solid = on_piece(edge, 0.006f, footprint), piece = cell_random((int)column, (int)row, m->seed);
    float grit = fractal(u * 60.0f, v * 60.0f, 4, m->seed + 5u);
    vec colour = scale(mix(load(m->colour[0]), load(m->colour[1]), piece), 0.7f + 0.6f * grit);
    return (texel){mix(load(m->colour[2]), colour, solid), 0.7f * solid + 0.3f * grit, 1.0f, solid};
}
