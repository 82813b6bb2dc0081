/* Interpolation, relief and the two lobes of a surface: diffuse under a dielectric or metallic gloss. */
#include "surface.h"

#include "texture.h"

static vec interpolate(const vec *values, const int32_t *corner, float u, float v) {
    vec a = scale(values[corner[0]], 1.0f - u - v);
    return add(a, add(scale(values[corner[1]], u), scale(values[corner[2]], v)));
}

/* Blinn, "Simulation of Wrinkled Surfaces", SIGGRAPH 1978, with the slopes taken by differences. */
static vec wrinkle(const scene *s, const material *m, const int32_t *corner, vec normal, float u, float v, float height,
                   float footprint) {
    const float *a = s->uv + 2 * corner[0], *b = s->uv + 2 * corner[1], *c = s->uv + 2 * corner[2];
    float du1 = b[0] - a[0], dv1 = b[1] - a[1], du2 = c[0] - a[0], dv2 = c[1] - a[1];
    float determinant = du1 * dv2 - du2 * dv1;
    if (fabsf(determinant) < 1e-12f) return normal;
    vec e1 = sub(s->positions[corner[1]], s->positions[corner[0]]);
    vec e2 = sub(s->positions[corner[2]], s->positions[corner[0]]);
    vec along_u = scale(sub(scale(e1, dv2), scale(e2, dv1)), 1.0f / determinant);
    vec along_v = scale(sub(scale(e2, du1), scale(e1, du2)), 1.0f / determinant);
    float step_u = maxf(0.0006f, 0.5f * footprint) / maxf(length(along_u), 1e-4f);
    float step_v = maxf(0.0006f, 0.5f * footprint) / maxf(length(along_v), 1e-4f);
    float slope_u = (texture_at(m, u + step_u, v, footprint).height - height) * m->bump / (step_u * maxf(dot(along_u, along_u), 1e-8f));
    float slope_v = (texture_at(m, u, v + step_v, footprint).height - height) * m->bump / (step_v * maxf(dot(along_v, along_v), 1e-8f));
    return normalize(sub(normal, add(scale(along_u, slope_u), scale(along_v, slope_v))));
}

surface surface_at(const scene *s, vec origin, vec direction, const bvh_hit *hit, float spread, float travelled) {
    const int32_t *corner = s->indices + 3 * hit->triangle;
    const material *m = &s->materials[s->materials_of[hit->triangle]];
    surface at = {.material = m, .part = s->parts_of[hit->triangle]};
    at.position = along(origin, direction, hit->t);
    vec e1 = sub(s->positions[corner[1]], s->positions[corner[0]]);
    vec e2 = sub(s->positions[corner[2]], s->positions[corner[0]]);
    at.flat = normalize(cross(e1, e2));
    at.normal = normalize(interpolate(s->normals, corner, hit->u, hit->v));
    if (dot(at.flat, direction) > 0.0f) at.flat = scale(at.flat, -1.0f);
    if (dot(at.normal, at.flat) < 0.0f) at.normal = scale(at.normal, -1.0f);
    at.smooth = at.normal;
    const float *a = s->uv + 2 * corner[0], *b = s->uv + 2 * corner[1], *c = s->uv + 2 * corner[2];
    float w = 1.0f - hit->u - hit->v;
    float u = w * a[0] + hit->u * b[0] + hit->v * c[0], v = w * a[1] + hit->u * b[1] + hit->v * c[1];
    float cosine = maxf(fabsf(dot(at.flat, direction)), 0.1f);
    float footprint = spread * (travelled + hit->t) / sqrtf(cosine);
    texel t = texture_at(m, u, v, footprint);
    if (m->bump > 0.0f) {
        vec wrinkled = wrinkle(s, m, corner, at.normal, u, v, t.height, footprint);
        if (dot(wrinkled, direction) < -0.02f && dot(wrinkled, at.flat) > 0.0f) at.normal = wrinkled;
    }
    if (dot(at.normal, direction) > -0.02f) at.normal = at.flat; /* a smooth normal that looks away from the viewer */
    vec colour = vec3(clampf(t.colour.x, 0.0f, 0.95f), clampf(t.colour.y, 0.0f, 0.95f), clampf(t.colour.z, 0.0f, 0.95f));
    at.albedo = scale(colour, 1.0f - m->metal);
    float gloss = m->specular * t.specular;
    at.at_normal = mix(vec3(gloss, gloss, gloss), colour, m->metal);
    float rough = clampf(m->roughness * t.roughness, 0.03f, 1.0f);
    at.alpha = rough * rough;
    return at;
}

vec surface_fresnel(const surface *at, vec outgoing) {
    if (largest(at->at_normal) <= 0.0f) return vec3(0.0f, 0.0f, 0.0f);
    float grazing = 1.0f - clampf(dot(at->normal, outgoing), 0.0f, 1.0f);
    float power = grazing * grazing * grazing * grazing * grazing, smoothness = 1.0f - sqrtf(at->alpha);
    vec f0 = at->at_normal;
    vec rim = vec3(maxf(smoothness, f0.x), maxf(smoothness, f0.y), maxf(smoothness, f0.z));
    return add(f0, scale(sub(rim, f0), power));
}

static float shadowing(float cosine, float alpha) {
    float a2 = alpha * alpha;
    return 2.0f * cosine / maxf(cosine + sqrtf(a2 + (1.0f - a2) * cosine * cosine), 1e-6f);
}

vec surface_sample_gloss(const surface *at, vec outgoing, float u, float v, vec *weight) {
    vec tangent, bitangent;
    frame(at->normal, &tangent, &bitangent);
    vec wo = vec3(dot(outgoing, tangent), dot(outgoing, bitangent), maxf(dot(outgoing, at->normal), 1e-3f));
    vec stretched = normalize(vec3(at->alpha * wo.x, at->alpha * wo.y, wo.z));
    float across = stretched.x * stretched.x + stretched.y * stretched.y;
    vec t1 = across > 1e-9f ? scale(vec3(-stretched.y, stretched.x, 0.0f), 1.0f / sqrtf(across)) : vec3(1.0f, 0.0f, 0.0f);
    vec t2 = cross(stretched, t1);
    float r = sqrtf(u), phi = 2.0f * PI * v, p1 = r * cosf(phi), p2 = r * sinf(phi), bend = 0.5f * (1.0f + stretched.z);
    p2 = mixf(sqrtf(maxf(0.0f, 1.0f - p1 * p1)), p2, bend);
    vec half = add(add(scale(t1, p1), scale(t2, p2)), scale(stretched, sqrtf(maxf(0.0f, 1.0f - p1 * p1 - p2 * p2))));
    half = normalize(vec3(at->alpha * half.x, at->alpha * half.y, maxf(half.z, 1e-6f)));
    vec wi = sub(scale(half, 2.0f * dot(wo, half)), wo);
    *weight = vec3(0.0f, 0.0f, 0.0f);
    if (wi.z <= 1e-4f) return at->normal;
    float shade = shadowing(wi.z, at->alpha);
    float power = powf(1.0f - clampf(dot(wo, half), 0.0f, 1.0f), 5.0f);
    *weight = scale(add(at->at_normal, scale(sub(vec3(1.0f, 1.0f, 1.0f), at->at_normal), power)), shade);
    return add(add(scale(tangent, wi.x), scale(bitangent, wi.y)), scale(at->normal, wi.z));
}

vec sample_cosine(vec normal, float u, float v) {
    vec tangent, bitangent;
    frame(normal, &tangent, &bitangent);
    float r = sqrtf(u), phi = 2.0f * PI * v;
    vec flat = add(scale(tangent, r * cosf(phi)), scale(bitangent, r * sinf(phi)));
    return add(flat, scale(normal, sqrtf(maxf(0.0f, 1.0f - u))));
}
