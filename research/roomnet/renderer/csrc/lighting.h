/* Light that arrives at a surface straight from its sources. */
#ifndef LIGHTING_H
#define LIGHTING_H

#include "surface.h"

/* Diffuse light leaving `at` for a white surface: irradiance / pi from the sun and from one portal or lamp
 * chosen at random, or from all where `every` is set; reflected and, where the material is translucent, passed on from
 * the other side. */
vec direct_light(const scene *s, const surface *at, int every, rng *random);

#endif
