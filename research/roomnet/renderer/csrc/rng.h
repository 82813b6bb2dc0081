/* Random numbers for one path: shuffled, Owen-scrambled Sobol pairs.
 *
 * Burley, "Practical Hash-based Owen Scrambling" (JCGT 2020). A pair of dimensions is well spread over the samples of
 * a pixel; pairs are independent of each other and of the pairs of other pixels. */
#ifndef RNG_H
#define RNG_H

#include <stdint.h>

typedef struct {
    uint32_t pixel;     /* hash of pixel and seed */
    uint32_t sample;    /* which sample of the pixel this is */
    uint32_t dimension; /* pairs drawn so far */
} rng;

static inline uint32_t hash32(uint32_t x) {
    x ^= x >> 16;
    x *= 0x21f0aaadu;
    x ^= x >> 15;
    x *= 0xd35a2d97u;
    return x ^ (x >> 15);
}

static inline uint32_t hash2(uint32_t a, uint32_t b) { return hash32(a + 0x9e3779b9u * hash32(b + 0x85ebca6bu)); }

static inline uint32_t reverse_bits(uint32_t x) {
    x = __builtin_bswap32(x);
    x = ((x >> 4) & 0x0f0f0f0fu) | ((x & 0x0f0f0f0fu) << 4);
    x = ((x >> 2) & 0x33333333u) | ((x & 0x33333333u) << 2);
    return ((x >> 1) & 0x55555555u) | ((x & 0x55555555u) << 1);
}

static inline uint32_t owen_scramble(uint32_t x, uint32_t seed) {
    x = reverse_bits(x);
    x ^= x * 0x3d20adeau;
    x += seed;
    x *= (seed >> 16) | 1u;
    x ^= x * 0x05526c56u;
    x ^= x * 0x53a22864u;
    return reverse_bits(x);
}

static inline uint32_t sobol_second(uint32_t index) {
    uint32_t result = 0;
    for (uint32_t v = 1u << 31; index; index >>= 1, v ^= v >> 1)
        if (index & 1u) result ^= v;
    return result;
}

static inline float unit_float(uint32_t bits) { return (float)(bits >> 8) * 0x1p-24f; }

/* Two numbers in [0, 1). */
static inline void draw_pair(rng *state, float *u, float *v) {
    uint32_t seed = hash2(state->pixel, state->dimension++);
    uint32_t index = owen_scramble(state->sample, seed);
    *u = unit_float(owen_scramble(reverse_bits(index), hash32(seed ^ 0xa511e9b3u)));
    *v = unit_float(owen_scramble(sobol_second(index), hash32(seed ^ 0x63d83595u)));
}

static inline float draw(rng *state) {
    float u, v;
    draw_pair(state, &u, &v);
    return u;
}

#endif
