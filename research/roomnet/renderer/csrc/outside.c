/* Sky, trees, houses and ground as functions of direction alone: far enough away to have no parallax. */
#include "outside.h"

#include "noise.h"

static vec sky_gradient(const sky *s, float elevation) {
    float t = sqrtf(clampf(elevation, 0.0f, 1.0f));
    return mix(load(s->horizon), load(s->zenith), t);
}

static float tangent_of_elevation(vec d) { return d.z / maxf(sqrtf(d.x * d.x + d.y * d.y), 1e-4f); }

static vec lawn(const sky *s, vec d, float slope) {
    float distance = s->above_ground / maxf(-slope, 0.02f), size = maxf(sqrtf(d.x * d.x + d.y * d.y), 1e-4f);
    float x = d.x / size * distance, y = d.y / size * distance;
    float patch = fractal(x * 0.5f, y * 0.5f, 4, s->seed + 31u), blade = fractal(x * 7.0f, y * 7.0f, 3, s->seed + 33u);
    vec lit = mul(load(s->ground), load(s->daylight));
    return mix(scale(lit, 0.55f + 0.5f * patch + 0.4f * blade), load(s->haze), 0.2f * ramp(6.0f, 60.0f, distance));
}

static vec trees(const sky *s, float azimuth, float slope, float crown, float depth) {
    float clump = fractal(azimuth * 9.0f, slope * 11.0f, 4, s->seed + 41u + (uint32_t)(depth * 8.0f));
    float leaf = fractal(azimuth * 55.0f, slope * 60.0f, 4, s->seed + 43u);
    float lit = (0.3f + 0.9f * ramp(0.3f, 0.75f, clump)) * (0.45f + 0.95f * leaf) * (0.55f + 0.6f * ramp(-0.1f, crown, slope));
    vec colour = mul(load(s->foliage), load(s->daylight));
    colour.x *= 0.75f + 0.6f * clump;
    return mix(scale(colour, 1.25f * lit), load(s->haze), 0.03f + 0.3f * depth);
}

static vec house(const sky *s, float azimuth, float slope) {
    float unit = azimuth * 2.2f, which = floorf(unit);
    float tone = cell_random((int)which, 3, s->seed);
    vec wall = mul(mix(vec3(0.62f, 0.5f, 0.4f), vec3(0.75f, 0.72f, 0.66f), tone), load(s->daylight));
    float x = (unit - which) * 5.0f, y = (slope + 0.4f) * 8.0f;
    float in_x = x - floorf(x), in_y = y - floorf(y);
    if (in_x > 0.3f && in_x < 0.7f && in_y > 0.25f && in_y < 0.8f) wall = scale(load(s->horizon), 0.18f + 0.1f * tone);
    return mix(scale(wall, 0.75f), load(s->haze), 0.12f);
}

/* Boughs, twigs and leaves of a tree before the window; `behind` shows through. */
static vec tree(const sky *s, float azimuth, float slope, vec behind) {
    vec bark = scale(mul(vec3(0.16f, 0.12f, 0.09f), load(s->daylight)), 0.5f + 0.6f * fractal(azimuth * 60.0f, slope * 6.0f, 3, s->seed + 61u));
    float unit = azimuth * 2.6f, place = floorf(unit), sway = 0.12f * (fractal(slope * 2.0f, place, 3, s->seed + 62u) - 0.5f);
    float trunk = 0.2f + 0.6f * cell_random((int)place, 7, s->seed) + sway, thick = 0.03f + 0.09f * cell_random((int)place, 8, s->seed);
    if (fabsf(unit - place - trunk) < thick && slope < 1.2f) return bark;
    float bough = fabsf(fractal(azimuth * 5.0f, slope * 4.0f, 4, s->seed + 63u) - 0.5f);
    if (slope > -0.05f && bough < 0.012f) return bark;
    float leaf = fractal(azimuth * 26.0f, slope * 24.0f, 4, s->seed + 64u), clump = fractal(azimuth * 4.0f, slope * 4.0f, 3, s->seed + 65u);
    if (slope > -0.2f && leaf > 0.78f - 0.5f * clump) return scale(mul(load(s->foliage), load(s->daylight)), 0.4f + 2.2f * leaf * clump);
    return behind;
}

/* Boards side by side up to the chest, a hedge behind them. */
static vec fence(const sky *s, float azimuth, float slope, vec behind) {
    float tone = cell_random(1, 2, s->seed), top = 0.02f + 0.2f * cell_random(3, 2, s->seed), unit = azimuth * 18.0f;
    float leaf = fractal(azimuth * 30.0f, slope * 34.0f, 4, s->seed + 66u), crest = top + 0.12f + 0.1f * fractal(azimuth * 7.0f, 1.5f, 3, s->seed + 67u);
    if (slope > crest) return behind;
    if (slope > top) return scale(mul(load(s->foliage), load(s->daylight)), 0.3f + 1.5f * leaf);
    vec wood = mix(vec3(0.32f, 0.22f, 0.14f), vec3(0.7f, 0.69f, 0.66f), tone > 0.5f ? 1.0f : tone);
    float board = 0.75f + 0.3f * cell_random((int)floorf(unit), 4, s->seed);
    if (unit - floorf(unit) < 0.07f) board = 0.2f;
    return scale(mul(wood, load(s->daylight)), 0.8f * board);
}

/* Bricks, boards or render with windows in rows: so near that hardly any sky is left. */
static vec neighbour(const sky *s, float azimuth, float slope, vec behind) {
    float kind = cell_random(5, 2, s->seed), eaves = 0.35f + 1.2f * cell_random(6, 2, s->seed);
    if (slope > eaves) return behind;
    vec wall = mix(vec3(0.36f, 0.17f, 0.11f), vec3(0.72f, 0.7f, 0.64f), cell_random(7, 2, s->seed));
    float row = slope * 42.0f, brick = azimuth * 17.0f + 0.5f * (float)((int)floorf(row) & 1), shade = 1.0f;
    if (kind < 0.4f && (row - floorf(row) < 0.14f || brick - floorf(brick) < 0.06f)) shade = 1.35f;
    if (kind >= 0.4f && kind < 0.75f) shade = 0.7f + 0.35f * (row * 0.5f - floorf(row * 0.5f));
    float x = azimuth * 2.4f, y = slope * 2.6f + 0.6f, in_x = x - floorf(x), in_y = y - floorf(y);
    if (in_x > 0.32f && in_x < 0.68f && in_y > 0.2f && in_y < 0.8f) {
        int frame = in_x < 0.35f || in_x > 0.65f || in_y < 0.24f || in_y > 0.76f || fabsf(in_x - 0.5f) < 0.012f;
        return frame ? scale(load(s->daylight), 0.7f) : scale(load(s->horizon), 0.12f + 0.25f * fractal(azimuth * 9.0f, slope * 9.0f, 3, s->seed + 68u));
    }
    return scale(mul(wall, load(s->daylight)), 0.75f * shade * (0.8f + 0.4f * fractal(azimuth * 8.0f, slope * 8.0f, 3, s->seed + 69u)));
}

static vec far_view(const sky *s, vec d, float slope, float azimuth) {
    float far = s->skyline * (0.45f + 0.5f * fractal(azimuth * 6.0f, 2.5f, 5, s->seed + 1u));
    float near = s->skyline * (0.15f + 1.5f * fractal(azimuth * 3.0f, 9.5f, 6, s->seed + 2u)) +
                 0.05f * (fractal(azimuth * 40.0f, slope * 40.0f, 4, s->seed + 3u) - 0.5f);
    float eaves = s->skyline * (0.55f + 0.7f * cell_random((int)floorf(azimuth * 2.2f), 5, s->seed));
    float ground_line = -0.06f + 0.04f * (fractal(azimuth * 8.0f, 5.0f, 4, s->seed + 4u) - 0.5f);
    if (slope < ground_line) return lawn(s, d, slope);
    int town = s->houses > cell_random((int)floorf(azimuth * 2.2f), 11, s->seed);
    float gap = fractal(azimuth * 30.0f, slope * 30.0f, 4, s->seed + 6u);
    if (slope < near && gap > 0.3f * ramp(0.5f * near, near, slope) + 0.12f && !town) return trees(s, azimuth, slope, near, 0.0f);
    if (town && slope < eaves) return house(s, azimuth, slope);
    if (slope < far) return trees(s, azimuth, slope, far, 1.0f);
    float cloud = ramp(0.48f, 0.78f, fractal(d.x / (d.z + 0.25f) * 1.6f, d.y / (d.z + 0.25f) * 1.6f, 5, s->seed + 5u));
    return mix(sky_gradient(s, d.z), load(s->horizon), 0.75f * cloud);
}

vec outside_view(const sky *s, vec d) {
    float slope = tangent_of_elevation(d), azimuth = atan2f(d.y, d.x);
    vec behind = far_view(s, d, slope, azimuth);
    if (s->close == 1) return tree(s, azimuth, slope, behind);
    if (s->close == 2) return fence(s, azimuth, slope, behind);
    return s->close == 3 ? neighbour(s, azimuth, slope, behind) : behind;
}

vec outside_light(const sky *s, vec d) {
    float slope = tangent_of_elevation(d);
    vec green = mix(scale(mul(load(s->foliage), load(s->daylight)), 0.6f), load(s->haze), 0.25f);
    vec below = mix(scale(mul(load(s->ground), load(s->daylight)), 0.85f), green, ramp(-0.15f, 0.0f, slope));
    return mix(below, sky_gradient(s, d.z), ramp(0.3f * s->skyline, 1.2f * s->skyline + 0.02f, slope));
}
