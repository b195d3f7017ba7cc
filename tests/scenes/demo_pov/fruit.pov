// A bowl of fruit beside a window.
#include "photo.inc"
Light(120, 1)
camera {
  location <0.2, 2.9, -6.2> look_at <0.1, 0.75, 0> angle 42 right x * 1.5
  aperture 0.22 focal_point <0, 0.9, -0.8> blur_samples 30 variance 0.001
}
light_source { <-9, 7, -3> rgb <1.35, 1.28, 1.15> area_light 3*z, 4*y, 7, 7 adaptive 1 jitter }
light_source { <6, 5, -8> rgb <0.10, 0.12, 0.16> shadowless }
sky_sphere { pigment { rgb <0.25, 0.27, 0.3> } }

// the wall, and the table of boards
plane { -z, -4.5 pigment { bozo turbulence 0.4 scale 3 color_map { [0 rgb <0.36, 0.42, 0.40>] [1 rgb <0.46, 0.51, 0.47>] } }
  normal { bumps 0.15 scale 0.08 } }
#for (N, -6, 5)
  box { <-9, -0.2, N * 0.9 + 0.015>, <9, 0, N * 0.9 + 0.885>
    pigment { wood turbulence 0.08 octaves 4 scale <6, 0.12, 0.12> rotate y * 1 translate <N * 3.1, N * 0.37, 0>
      color_map { [0 rgb <0.34, 0.19, 0.09>] [0.6 rgb <0.45, 0.27, 0.13>] [1 rgb <0.24, 0.12, 0.06>] } }
    normal { wood 0.15 turbulence 0.1 scale <6, 0.06, 0.06> }
    finish { specular 0.15 roughness 0.05 reflection { 0.01, 0.12 fresnel } conserve_energy } interior { ior 1.4 } }
#end

#declare Orange = sphere { 0, 0.52
  pigment { bozo scale 0.4 color_map { [0 rgb <0.92, 0.36, 0.02>] [1 rgb <0.97, 0.46, 0.04>] } }
  normal { bumps 0.5 scale 0.025 } finish { diffuse 0.75 specular 0.3 roughness 0.03 } scale <1, 0.94, 1> }
#declare Lemon = union {
  sphere { 0, 0.42 scale <1.25, 1, 1> } sphere { <0.52, 0, 0>, 0.11 } sphere { <-0.52, 0, 0>, 0.09 }
  pigment { rgb <0.93, 0.74, 0.06> } normal { bumps 0.45 scale 0.03 } finish { specular 0.3 roughness 0.03 } }
#macro Apple(Red, Pale, Turn)
union {
  lathe { cubic_spline 13, <-0.1, 0.1>, <0, 0.06>, <0.12, -0.01>, <0.24, -0.04>, <0.38, 0.06>, <0.5, 0.3>, <0.53, 0.52>, <0.46, 0.76>, <0.3, 0.88>, <0.16, 0.87>, <0.06, 0.79>, <0, 0.74>, <-0.1, 0.7>
    pigment { spherical scale <0.2, 1.3, 1.6> turbulence 0.35 translate <0.5, 0.4, 0> color_map { [0 Red] [0.55 Red] [1 Pale] } }
    normal { bumps 0.04 scale 0.2 }
    finish { specular 0.5 roughness 0.012 reflection { 0.01, 0.1 fresnel } conserve_energy } interior { ior 1.35 } }
  cone { <0, 0.72, 0>, 0.018, <0.06, 1.05, 0.02>, 0.03 pigment { rgb <0.2, 0.11, 0.05> } }
  translate -y * 0.45 rotate Turn }
#end
#declare Grape = sphere { 0, 0.2 pigment { rgb <0.23, 0.04, 0.15> }
  normal { bumps 0.05 scale 0.1 } finish { diffuse 0.6 specular 0.5 roughness 0.02 reflection { 0.01, 0.15 fresnel } conserve_energy } interior { ior 1.35 } }

// the bowl
lathe { cubic_spline 9, <0.3, 0>, <0.75, 0.0>, <0.8, 0.12>, <1.5, 0.5>, <1.95, 1.05>, <1.9, 1.08>, <1.42, 0.58>, <0.6, 0.22>, <0.0, 0.2>
  pigment { rgb <0.82, 0.84, 0.86> }
  finish { specular 0.5 roughness 0.008 reflection { 0.02, 0.25 fresnel } conserve_energy } interior { ior 1.5 } translate <0, 0.02, 0> }
object { Orange rotate 30 * z translate <-0.85, 1.02, -0.35> }
object { Orange rotate <40, 90, 0> translate <0.1, 1.0, -0.85> }
object { Apple(rgb <0.55, 0.03, 0.03>, rgb <0.85, 0.55, 0.15>, <12, 40, 14>) translate <0.95, 1.1, -0.2> }
object { Apple(rgb <0.42, 0.55, 0.08>, rgb <0.75, 0.65, 0.18>, <-8, 190, -10>) translate <-0.35, 1.25, 0.6> }
object { Orange rotate <0, 20, 70> translate <0.55, 1.2, 0.75> }
object { Lemon rotate <0, 35, 20> translate <0.15, 1.72, -0.1> }
#declare R = seed(11);
#for (N, 1, 34)
  object { Grape scale 0.85 + 0.25 * rand(R) translate <-1.45 + 0.45 * (rand(R) - 0.5) - 0.6 * N / 34, 1.25 - 1.02 * N / 34 + 0.12 * rand(R), -0.75 + 0.6 * (rand(R) - 0.5)> }
#end
// and what lies on the table
object { Apple(rgb <0.6, 0.05, 0.04>, rgb <0.85, 0.6, 0.2>, <0, 250, 4>) translate <2.35, 0.55, -0.6> }
object { Lemon rotate <0, -50, 0> translate <2.0, 0.42, -1.75> }
object { Orange translate <3.1, 0.49, 0.9> }
