/* Textures of cloth, paint, stone and pictures; those laid of single pieces are in texture_laid.c. */
#include "texture_laid.h"

#include "noise.h"

static float fade(float feature, float footprint) { return 1.0f - ramp(0.3f, 1.2f, footprint / feature); }

static texel plain(const material *m, float u, float v) {
    float cloud = fractal(u / m->size[0], v / m->size[0], 4, m->seed) - 0.5f;
    float grit = fractal(u * 160.0f, v * 160.0f, 2, m->seed + 9u);
    return (texel){scale(load(m->colour[0]), 1.0f + m->detail[0] * cloud), grit, 1.0f + 0.6f * cloud, 1.0f};
}

static texel weave(const material *m, float u, float v, float footprint) {
    float x = u / m->size[0], y = v / m->size[1], sharp = fade(m->size[0], footprint);
    int over = ((int)floorf(x) + (int)floorf(y)) & 1;
    float bulge = over ? sinf(PI * (x - floorf(x))) : sinf(PI * (y - floorf(y)));
    float thread = over ? noise(floorf(x), y * 0.2f, m->seed) : noise(x * 0.2f, floorf(y), m->seed + 3u);
    float worn = fractal(u * 4.0f, v * 4.0f, 3, m->seed + 5u) - 0.5f;
    float melange = mixf(0.5f, mixf(thread, over ? 0.8f : 0.2f, 0.4f), sharp);
    vec colour = mix(load(m->colour[0]), load(m->colour[1]), clampf(0.5f + (melange - 0.5f) * m->detail[0] * 2.0f, 0, 1));
    float shade = mixf(0.88f, 0.72f + 0.28f * bulge, sharp);
    return (texel){scale(colour, shade * (1.0f + 0.16f * worn)), mixf(0.5f, bulge, sharp), 1.0f, 1.0f};
}

static texel pile(const material *m, float u, float v, float footprint) {
    float tuft = mixf(0.5f, fractal(u / m->size[0], v / m->size[0], 3, m->seed), fade(m->size[0] * 0.6f, footprint));
    float brushed = fractal(u * 2.2f, v * 3.1f, 3, m->seed + 4u) - 0.5f;
    vec colour = mix(load(m->colour[0]), load(m->colour[1]), ramp(0.25f, 0.75f, tuft));
    return (texel){scale(colour, 1.0f + m->detail[0] * brushed), tuft, 1.0f, 1.0f};
}

static texel stripes(const material *m, float u, float v) {
    float x = u / m->size[0];
    x -= floorf(x);
    float worn = fractal(u * 5.0f, v * 5.0f, 3, m->seed) - 0.5f;
    vec colour = x < m->detail[0] ? load(m->colour[1]) : load(m->colour[0]);
    return (texel){scale(colour, 1.0f + 0.12f * worn), 0.5f, 1.0f, 1.0f};
}

static texel checks(const material *m, float u, float v) {
    float x = u / m->size[0] - floorf(u / m->size[0]), y = v / m->size[0] - floorf(v / m->size[0]);
    float across = x < 0.42f ? 1.0f : 0.0f, down = y < 0.42f ? 1.0f : 0.0f;
    vec colour = mix(load(m->colour[0]), load(m->colour[1]), 0.42f * (across + down));
    if (fabsf(x - 0.7f) < 0.035f || fabsf(y - 0.7f) < 0.035f) colour = mix(colour, load(m->colour[2]), 0.7f);
    return (texel){scale(colour, 0.94f + 0.12f * noise(u * 300.0f, v * 300.0f, m->seed)), 0.5f, 1.0f, 1.0f};
}

static texel stone(const material *m, float u, float v, float footprint) {
    float x = u / m->size[0], y = v / m->size[0];
    float warp = fractal(x, y, 4, m->seed), cloud = fractal(x * 0.7f + 3.0f, y * 0.7f, 4, m->seed + 7u);
    float line = fabsf(fractal(x + 2.0f * warp, y - 1.6f * warp, 4, m->seed + 11u) - 0.5f);
    float vein = m->detail[0] * (1.0f - ramp(0.0f, 0.05f, line)) * cloud;
    float speck = cell_random((int)floorf(u * 420.0f), (int)floorf(v * 420.0f), m->seed + 2u);
    float specked = m->detail[1] * fade(0.0024f, footprint) * (speck > 0.72f ? 1.0f : 0.0f);
    vec colour = mix(load(m->colour[0]), load(m->colour[1]), clampf(vein + 0.25f * m->detail[0] * cloud, 0.0f, 1.0f));
    return (texel){mix(colour, load(m->colour[2]), specked + 0.28f * m->detail[1] * (1.0f - fade(0.0024f, footprint))),
                   0.5f, 1.0f, 1.0f};
}

/* 1 inside a flower of `petals` petals with its middle at the origin and radius 1. */
static int flower(float x, float y, float petals) {
    float r = sqrtf(x * x + y * y);
    return r < 0.62f + 0.38f * cosf(petals * atan2f(y, x)) && r > 0.16f;
}

/* Bands along the edge, flowers on a mirrored lattice in the field, and a medallion in the middle. */
static texel oriental(const material *m, float u, float v, float footprint) {
    float from_edge = minf(m->size[0] - fabsf(u), m->size[1] - fabsf(v)), unit = minf(m->size[0], m->size[1]);
    vec field = load(m->colour[0]), border = load(m->colour[1]), motif = load(m->colour[2]), colour = field;
    float x = fabsf(u) / unit, y = fabsf(v) / unit, at = from_edge / (0.26f * unit);
    if (at < 1.0f) {
        float run = (m->size[0] - fabsf(u) < m->size[1] - fabsf(v) ? y : x) / 0.19f, step = run - floorf(run) - 0.5f;
        colour = at < 0.1f || (at > 0.2f && at < 0.24f) || (at > 0.78f && at < 0.82f) ? motif : at < 0.2f || at > 0.82f ? border : border;
        if (at > 0.86f) colour = field;
        if (at > 0.24f && at < 0.78f && flower(step * 2.6f, (at - 0.51f) * 4.6f, 4.0f)) colour = motif;
        if (at > 0.24f && at < 0.78f && fabsf(fabsf(step) - 0.5f) < 0.05f + 0.12f * fabsf(at - 0.51f)) colour = field;
    } else {
        float a = x / 0.2f, b = y / 0.2f, in_a = a - floorf(a) - 0.5f, in_b = b - floorf(b) - 0.5f;
        int odd = ((int)floorf(a) + (int)floorf(b)) & 1;
        if (flower(in_a * 3.4f, in_b * 3.4f, odd ? 4.0f : 6.0f)) colour = odd ? border : motif;
        if (fabsf(fabsf(in_a) + fabsf(in_b) - 0.5f) < 0.035f) colour = border;
        float wave = 0.04f * cosf(12.0f * atan2f(y, x)), medallion = sqrtf(x * x + 0.42f * y * y) / 0.5f + wave;
        if (medallion < 1.0f) {
            colour = medallion > 0.93f ? motif : medallion > 0.62f ? border : medallion > 0.57f ? motif : field;
            if (medallion < 0.93f && flower(in_a * 3.0f, in_b * 3.0f, 6.0f)) colour = medallion > 0.62f ? field : motif;
            if (medallion < 0.3f) colour = medallion > 0.25f ? motif : border;
        }
    }
    float worn = fractal(u * 3.0f, v * 3.0f, 4, m->seed + 21u), streak = fractal(u * 2.0f, v * 90.0f, 2, m->seed + 22u);
    float tuft = mixf(0.5f, fractal(u * 330.0f, v * 330.0f, 2, m->seed + 5u), fade(0.003f, footprint));
    colour = mix(colour, mix(field, border, 0.5f), 0.1f + 0.25f * ramp(0.5f, 0.85f, worn));
    return (texel){scale(colour, (0.8f + 0.4f * tuft) * (0.9f + 0.2f * streak)), tuft, 1.0f, 1.0f};
}

static texel mosaic(const material *m, float u, float v, float footprint) {
    float a = (u + v) / m->size[0], b = (u - v) / m->size[0];
    float in_a = fabsf(a - floorf(a) - 0.5f), in_b = fabsf(b - floorf(b) - 0.5f), rim = maxf(in_a, in_b);
    float chosen = cell_random((int)floorf(a), (int)floorf(b), m->seed);
    vec colour = rim > 0.44f ? load(m->colour[1]) : chosen < m->detail[0] && rim < 0.25f ? load(m->colour[2]) : load(m->colour[0]);
    float tuft = mixf(0.5f, fractal(u * 250.0f, v * 250.0f, 2, m->seed + 5u), fade(0.004f, footprint));
    return (texel){scale(colour, 0.8f + 0.4f * tuft), tuft, 1.0f, 1.0f};
}

/* Flowers of chance size, a little off a lattice, over scrolls. */
static texel floral(const material *m, float u, float v, float footprint) {
    float x = u / m->size[0], y = v / m->size[0], scroll = fractal(x * 1.3f, y * 1.3f, 3, m->seed + 4u);
    int column = (int)floorf(x), row = (int)floorf(y);
    float chosen = cell_random(column, row, m->seed), size = 0.25f + 0.25f * cell_random(column, row, m->seed + 1u);
    float dx = (x - (float)column - 0.3f - 0.4f * cell_random(column, row, m->seed + 2u)) / size;
    float dy = (y - (float)row - 0.3f - 0.4f * cell_random(column, row, m->seed + 3u)) / size;
    vec colour = load(m->colour[fabsf(scroll - 0.5f) < 0.03f ? 1 : 0]);
    if (chosen < m->detail[0] && flower(dx, dy, chosen < 0.3f ? 5.0f : 8.0f)) colour = load(m->colour[chosen < 0.5f * m->detail[0] ? 2 : 1]);
    float thread = mixf(0.5f, fractal(u * 250.0f, v * 250.0f, 2, m->seed + 5u), fade(0.004f, footprint));
    return (texel){scale(colour, 0.88f + 0.24f * thread), thread, 1.0f, 1.0f};
}

static texel landscape(const material *m, float u, float v) {
    float far = 0.52f + 0.12f * (fractal(u * 3.0f, 0.5f, 4, m->seed) - 0.5f);
    float near = 0.34f + 0.34f * (fractal(u * 4.0f, 7.5f, 5, m->seed + 3u) - 0.5f);
    float cloud = ramp(0.45f, 0.75f, fractal(u * 3.0f, v * 7.0f, 5, m->seed + 5u));
    float dab = fractal(u * 24.0f, v * 40.0f, 4, m->seed + 8u);
    vec colour = mix(mix(load(m->colour[0]), vec3(0.85f, 0.78f, 0.66f), ramp(1.0f, 0.5f, v)), vec3(0.9f, 0.88f, 0.84f), 0.7f * cloud);
    if (v < far) colour = mix(load(m->colour[1]), load(m->colour[0]), 0.55f);
    if (v < near) colour = scale(load(m->colour[1]), 0.45f + 0.9f * dab);
    if (v < 0.3f * near + 0.14f * fractal(u * 2.0f, 1.0f, 3, m->seed)) colour = scale(load(m->colour[2]), 0.6f + 0.7f * dab);
    return (texel){scale(colour, 0.85f + 0.3f * dab), dab, 1.0f, 1.0f};
}

static texel abstract(const material *m, float u, float v) {
    float a = fractal(u * 1.7f, v * 1.7f, 3, m->seed), b = fractal(u * 2.3f + 9.0f, v * 1.9f, 3, m->seed + 3u);
    float brush = fractal(u * 9.0f, v * 70.0f, 3, m->seed + 6u);
    vec colour = mix(load(m->colour[0]), load(m->colour[1]), ramp(0.47f, 0.53f, a + 0.08f * (brush - 0.5f)));
    colour = mix(colour, load(m->colour[2]), ramp(0.56f, 0.6f, b + 0.06f * (brush - 0.5f)));
    return (texel){scale(colour, 0.88f + 0.24f * brush), brush, 1.0f, 1.0f};
}

static texel leaf(const material *m, float u, float v) {
    float rib = fabsf(u - 0.5f), side = v * 9.0f + rib * 5.0f;
    float line = maxf(1.0f - ramp(0.01f, 0.05f, rib), 0.35f * (1.0f - ramp(0.05f, 0.16f, fabsf(side - floorf(side) - 0.5f))));
    float mottled = fractal(u * 3.0f, v * 6.0f, 3, m->seed);
    return (texel){scale(mix(load(m->colour[0]), load(m->colour[1]), line), 0.75f + 0.5f * mottled), 1.0f - line, 1.0f, 1.0f};
}

texel texture_at(const material *m, float u, float v, float footprint) {
    switch (m->texture) {
        case TEXTURE_BOARDS: return texture_boards(m, u, v, footprint);
        case TEXTURE_HERRINGBONE: return texture_herringbone(m, u, v, footprint);
        case TEXTURE_TILES: return texture_tiles(m, u, v, footprint);
        case TEXTURE_WOOD: return texture_wood(m, u, v, footprint);
        case TEXTURE_BRICK: return texture_brick(m, u, v, footprint);
        case TEXTURE_WEAVE: return weave(m, u, v, footprint);
        case TEXTURE_PILE: return pile(m, u, v, footprint);
        case TEXTURE_ORIENTAL: return oriental(m, u, v, footprint);
        case TEXTURE_STRIPES: return stripes(m, u, v);
        case TEXTURE_CHECKS: return checks(m, u, v);
        case TEXTURE_STONE: return stone(m, u, v, footprint);
        case TEXTURE_LANDSCAPE: return landscape(m, u, v);
        case TEXTURE_ABSTRACT: return abstract(m, u, v);
        case TEXTURE_LEAF: return leaf(m, u, v);
        case TEXTURE_MOSAIC: return mosaic(m, u, v, footprint);
        case TEXTURE_FLORAL: return floral(m, u, v, footprint);
        default: return plain(m, u, v);
    }
}
