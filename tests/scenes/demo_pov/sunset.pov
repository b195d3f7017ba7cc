// The sun goes down over the sea; a sailing boat.
#include "photo.inc"
Light(40, 0.8)
camera { location <0, 1.9, -16> look_at <-1.6, 3.4, 20> angle 44 right x * 1.5 }
#declare At = vnormalize(<-0.30, 0.075, 1>); #declare AX = At.x; #declare AY = At.y; #declare AZ = At.z;
light_source { At * 10000 rgb <1.9, 0.85, 0.30> }
sky_sphere {
  pigment { function { select(y, 0, y) } color_map {
    [0 rgb <1.15, 0.50, 0.14>] [0.10 rgb <0.98, 0.46, 0.22>] [0.25 rgb <0.55, 0.34, 0.36>] [0.5 rgb <0.20, 0.22, 0.38>] [1 rgb <0.06, 0.09, 0.24>] } }
  pigment { function { pow(max(0, x * AX + y * AY + z * AZ), 60) } color_map {
    [0 rgbt <1, 0.6, 0.2, 1>] [0.7 rgbt <1.2, 0.75, 0.3, 0.55>] [1 rgbt <1.6, 1.1, 0.6, 0.1>] } }
  pigment { function { x * AX + y * AY + z * AZ } color_map {
    [0 rgbt 1] [0.99965 rgbt <2, 1.4, 0.7, 1>] [0.99985 rgbt <3, 2.4, 1.6, 0>] [1 rgbt <3, 2.4, 1.6, 0>] } }
  pigment { wrinkles turbulence 0.6 octaves 7 omega 0.55 scale <0.75, 0.07, 0.5> translate <0.3, 0.02, 0> color_map {
    [0.46 rgbt 1] [0.6 rgbt <1.1, 0.42, 0.16, 0.35>] [0.8 rgbt <0.42, 0.20, 0.20, 0.1>] [1 rgbt <0.25, 0.15, 0.2, 0>] } }
}
plane { y, 0 pigment { rgb <0.01, 0.02, 0.035> }
  normal { average normal_map { [1 wrinkles 0.55 scale <2.6, 1, 0.8>] [1 bumps 0.30 scale <0.7, 0.4, 0.22>] } }
  finish { diffuse 0.3 specular 0.6 roughness 0.015 reflection { 0.03, 0.95 fresnel } conserve_energy } interior { ior 1.33 } }
#declare Far = function(x) { 5.5 * min(max((x - 2) / 34, 0), 1) * (0.35 + 0.65 * f_noise3d(x * 0.11, 3.1, 0) + 0.2 * f_noise3d(x * 0.7, 1, 0) + 0.07 * f_noise3d(x * 4, 1, 0)) }
union { #for (X, -10, 90, 0.12)
    triangle { <X, -0.2, 60>, <X, Far(X), 60>, <X + 0.12, Far(X + 0.12), 60> }
    triangle { <X, -0.2, 60>, <X + 0.12, -0.2, 60>, <X + 0.12, Far(X + 0.12), 60> }
  #end
  pigment { gradient y color_map { [0 rgb <0.30, 0.16, 0.13>] [1 rgb <0.16, 0.10, 0.12>] } scale 5 } finish { diffuse 0.1 emission 0.35 } }
union { // the boat
  prism { cubic_spline -0.25, 0.25, 8 <-1.1, 0.1>, <-0.9, 0>, <0.8, 0>, <1.35, 0.42>, <0, 0.34>, <-1.0, 0.4>, <-0.9, 0>, <0.8, 0> rotate -90 * x }
  cylinder { <0.15, 0.3, 0>, <0.15, 4.6, 0>, 0.035 }
  triangle { <0.1, 0.7, 0>, <0.1, 4.5, 0>, <-1.35, 0.75, 0.1> }
  triangle { <0.22, 0.65, 0>, <0.2, 3.9, 0>, <1.3, 0.6, 0.1> }
  sphere { <-0.55, 0.72, 0>, 0.14 } cone { <-0.55, 0.3, 0>, 0.22, <-0.55, 0.65, 0>, 0.12 }
  pigment { rgb <0.03, 0.02, 0.025> } finish { diffuse 0.5 } translate <3.2, 0, 10> }
