/* What is seen and what shines in through the windows. */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "scene.h"

/* Radiance from a direction as the eye sees it, with clouds, leaves and house fronts. */
vec outside_view(const sky *s, vec direction);

/* The same without fine detail, for lighting. */
vec outside_light(const sky *s, vec direction);

#endif
