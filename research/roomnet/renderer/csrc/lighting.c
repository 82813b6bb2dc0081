/* Next-event estimation: one point on one source a call, and the sun. */
#include "lighting.h"

#include "outside.h"

static float pass(const void *context, int32_t triangle) {
    const scene *s = context;
    return s->materials[s->materials_of[triangle]].clear;
}

/* Share of `cosine`-weighted light that a diffuse surface sends to the viewer, for light from `wi`. */
static float response(const surface *at, vec wi, vec *origin) {
    float cosine = dot(at->normal, wi), side = dot(at->flat, wi), through = at->material->translucency;
    *origin = along(at->position, at->flat, side > 0.0f ? SKIN : -SKIN);
    if (side > 0.0f) return (1.0f - through) * maxf(cosine, 0.0f);
    return through * maxf(-cosine, 0.0f);
}

/* Uniform sampling of the solid angle of a rectangle: Urena, Fajardo and King, "An Area-Preserving Parametrization for
 * Spherical Rectangles" (EGSR 2013). Returns the solid angle, 0 where it is too small to matter. */
static float sample_rectangle(const light *l, vec from, float u, float v, vec *point) {
    vec ex = load(l->edge_u), ey = load(l->edge_v), d = sub(load(l->corner), from);
    float width = length(ex), height = length(ey);
    vec x = scale(ex, 1.0f / width), y = scale(ey, 1.0f / height), z = cross(x, y);
    float z0 = dot(d, z);
    if (z0 > 0.0f) z = scale(z, -1.0f), z0 = -z0;
    if (z0 > -1e-4f) return 0.0f;
    float x0 = dot(d, x), y0 = dot(d, y), x1 = x0 + width, y1 = y0 + height;
    float nz[4] = {y0, -x1, -y1, x0}; /* z of the edge planes' normals, before they are made unit */
    float other[4] = {-z0, z0, z0, -z0};
    for (int i = 0; i < 4; ++i) nz[i] /= sqrtf(nz[i] * nz[i] + other[i] * other[i]);
    float g0 = acosf(clampf(-nz[0] * nz[1], -1, 1)), g1 = acosf(clampf(-nz[1] * nz[2], -1, 1));
    float g2 = acosf(clampf(-nz[2] * nz[3], -1, 1)), g3 = acosf(clampf(-nz[3] * nz[0], -1, 1));
    float b0 = nz[0], b1 = nz[2], k = 2.0f * PI - g2 - g3, solid = g0 + g1 - k;
    if (solid < 1e-4f) return 0.0f;
    float au = u * solid + k, fu = (cosf(au) * b0 - b1) / sinf(au);
    float cu = clampf(copysignf(1.0f, fu) / sqrtf(fu * fu + b0 * b0), -1.0f, 1.0f);
    float xu = clampf(-(cu * z0) / maxf(sqrtf(1.0f - cu * cu), 1e-7f), x0, x1);
    float distance = sqrtf(xu * xu + z0 * z0);
    float h0 = y0 / sqrtf(distance * distance + y0 * y0), h1 = y1 / sqrtf(distance * distance + y1 * y1);
    float hv = h0 + v * (h1 - h0), hv2 = hv * hv;
    float yv = hv2 < 1.0f - 1e-6f ? hv * distance / sqrtf(1.0f - hv2) : y1;
    *point = add(from, add(add(scale(x, xu), scale(y, yv)), scale(z, z0)));
    return solid;
}

static vec from_rectangle(const scene *s, const surface *at, const light *l, float u, float v) {
    vec none = vec3(0.0f, 0.0f, 0.0f), point, origin;
    vec lit_side = cross(load(l->edge_u), load(l->edge_v));
    if (dot(lit_side, sub(at->position, load(l->corner))) <= 0.0f) return none;
    float solid = sample_rectangle(l, at->position, u, v, &point);
    if (solid <= 0.0f) return none;
    vec to = sub(point, at->position);
    float distance = length(to);
    vec wi = scale(to, 1.0f / distance);
    float share = response(at, wi, &origin) * solid / PI;
    if (share <= 0.0f) return none;
    share *= bvh_transmittance(&s->tree, origin, wi, 0.0f, distance - 1e-3f, pass, s);
    if (share <= 0.0f) return none;
    return scale(l->kind == LIGHT_PORTAL ? mul(outside_light(&s->sky, wi), load(l->radiance)) : load(l->radiance), share);
}

static vec from_sphere(const scene *s, const surface *at, const light *l, float u, float v) {
    vec none = vec3(0.0f, 0.0f, 0.0f), origin, centre = sub(load(l->corner), at->position);
    float distance2 = dot(centre, centre), sine2 = clampf(l->radius * l->radius / distance2, 0.0f, 0.99f);
    float cosine_max = sqrtf(1.0f - sine2), one_minus = sine2 / (1.0f + cosine_max);
    float cosine = 1.0f - u * one_minus, sine = sqrtf(maxf(0.0f, 1.0f - cosine * cosine)), phi = 2.0f * PI * v;
    vec axis = normalize(centre), tangent, bitangent;
    frame(axis, &tangent, &bitangent);
    vec wi = add(scale(axis, cosine), add(scale(tangent, sine * cosf(phi)), scale(bitangent, sine * sinf(phi))));
    float share = response(at, wi, &origin) * 2.0f * one_minus; /* solid angle over pi */
    if (share <= 0.0f) return none;
    share *= bvh_transmittance(&s->tree, origin, wi, 0.0f, sqrtf(distance2) - 1.02f * l->radius, pass, s);
    return scale(load(l->radiance), share);
}

static vec from_sun(const scene *s, const surface *at, float u, float v) {
    vec none = vec3(0.0f, 0.0f, 0.0f), axis = load(s->sky.sun_direction), tangent, bitangent, origin;
    if (largest(load(s->sky.sun)) <= 0.0f) return none;
    frame(axis, &tangent, &bitangent);
    float r = s->sky.sun_radius * sqrtf(u), phi = 2.0f * PI * v;
    vec wi = normalize(add(axis, add(scale(tangent, r * cosf(phi)), scale(bitangent, r * sinf(phi)))));
    float share = response(at, wi, &origin) / PI;
    if (share <= 0.0f) return none;
    share *= bvh_transmittance(&s->tree, origin, wi, 0.0f, 1e4f, pass, s);
    return scale(load(s->sky.sun), share);
}

static vec from_light(const scene *s, const surface *at, const light *l, rng *random) {
    float u, v;
    draw_pair(random, &u, &v);
    return l->kind == LIGHT_SPHERE ? from_sphere(s, at, l, u, v) : from_rectangle(s, at, l, u, v);
}

vec direct_light(const scene *s, const surface *at, int every, rng *random) {
    float u, v;
    draw_pair(random, &u, &v);
    vec sum = from_sun(s, at, u, v);
    if (s->light_count == 0) return sum;
    if (every) {
        for (int i = 0; i < s->light_count; ++i) sum = add(sum, from_light(s, at, &s->lights[i], random));
        return sum;
    }
    int chosen = (int)(draw(random) * (float)s->light_count);
    return add(sum, scale(from_light(s, at, &s->lights[chosen], random), (float)s->light_count));
}
