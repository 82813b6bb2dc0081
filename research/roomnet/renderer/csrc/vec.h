/* Three-vectors and orthonormal frames. */
#ifndef VEC_H
#define VEC_H

#include <math.h>

#define PI 3.14159265f

typedef struct { float x, y, z; } vec;

/* One instruction each, unlike the library's, which look for NaN. */
static inline float maxf(float a, float b) { return a > b ? a : b; }
static inline float minf(float a, float b) { return a < b ? a : b; }

static inline vec vec3(float x, float y, float z) { return (vec){x, y, z}; }
static inline vec load(const float *f) { return (vec){f[0], f[1], f[2]}; }
static inline vec add(vec a, vec b) { return (vec){a.x + b.x, a.y + b.y, a.z + b.z}; }
static inline vec sub(vec a, vec b) { return (vec){a.x - b.x, a.y - b.y, a.z - b.z}; }
static inline vec mul(vec a, vec b) { return (vec){a.x * b.x, a.y * b.y, a.z * b.z}; }
static inline vec scale(vec a, float s) { return (vec){a.x * s, a.y * s, a.z * s}; }
static inline vec along(vec origin, vec direction, float t) { return add(origin, scale(direction, t)); }
static inline float dot(vec a, vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static inline float length(vec a) { return sqrtf(dot(a, a)); }
static inline vec normalize(vec a) { return scale(a, 1.0f / maxf(length(a), 1e-20f)); }
static inline float largest(vec a) { return maxf(a.x, maxf(a.y, a.z)); }
static inline float luminance(vec a) { return 0.2126f * a.x + 0.7152f * a.y + 0.0722f * a.z; }
static inline vec cross(vec a, vec b) {
    return (vec){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

static inline float clampf(float x, float low, float high) { return minf(maxf(x, low), high); }
static inline float mixf(float a, float b, float t) { return a + (b - a) * t; }
static inline vec mix(vec a, vec b, float t) { return add(scale(a, 1.0f - t), scale(b, t)); }
static inline float ramp(float low, float high, float x) {
    float t = clampf((x - low) / (high - low), 0.0f, 1.0f);
    return t * t * (3.0f - 2.0f * t);
}

/* Two unit vectors that complete n to a right-handed frame (Duff et al., "Building an Orthonormal Basis, Revisited",
 * JCGT 2017). */
static inline void frame(vec n, vec *tangent, vec *bitangent) {
    float sign = copysignf(1.0f, n.z), a = -1.0f / (sign + n.z), b = n.x * n.y * a;
    *tangent = vec3(1.0f + sign * n.x * n.x * a, sign * b, -sign * n.x);
    *bitangent = vec3(b, sign + n.y * n.y * a, -n.y);
}

#endif
