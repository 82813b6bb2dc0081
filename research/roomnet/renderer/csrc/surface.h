/* A point that a ray has hit, and how light scatters there. */
#ifndef SURFACE_H
#define SURFACE_H

#include "rng.h"
#include "scene.h"

typedef struct {
    vec position;
    vec flat;    /* unit normal of the triangle, on the side that the ray came from */
    vec smooth;  /* unit shading normal on that side */
    vec normal;  /* the same with relief */
    vec albedo;  /* diffuse reflectance, linear RGB */
    vec at_normal; /* specular reflectance at normal incidence */
    float alpha; /* GGX roughness */
    const material *material;
    int32_t part;
} surface;

/* `spread`: width of a pixel's cone at distance 1, for fading out detail; `travelled`: length of the path so far. */
surface surface_at(const scene *s, vec origin, vec direction, const bvh_hit *hit, float spread, float travelled);

/* Specular reflectance towards `outgoing`, 0..1 per channel (Schlick 1994, damped for rough surfaces). */
vec surface_fresnel(const surface *at, vec outgoing);

/* A direction of the glossy lobe and its weight (Heitz, "Sampling the GGX Distribution of Visible Normals", 2018). */
vec surface_sample_gloss(const surface *at, vec outgoing, float u, float v, vec *weight);

/* A cosine-distributed direction around `normal`. */
vec sample_cosine(vec normal, float u, float v);

#endif
