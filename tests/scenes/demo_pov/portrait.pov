// Somebody in a straw hat, from behind, in a garden.
#include "photo.inc"
global_settings { assumed_gamma 1 max_trace_level 5 }
#default { finish { ambient rgb <0.20, 0.22, 0.22> diffuse 0.75 } }
camera { location <0, 1.55, -4.2> look_at <-0.06, 1.36, 0> angle 15 right x * 2 / 3 up y
  aperture 0.32 focal_point <0, 1.5, -0.1> blur_samples 16 variance 0.003 }
light_source { <-5, 7, -2.5> rgb <1.15, 1.02, 0.80> area_light 1.6*x, 1.6*z, 2, 2 adaptive 1 jitter }
light_source { <6, 6, 9> rgb <0.9, 0.85, 0.65> }
sky_sphere { pigment { gradient y color_map { [0 rgb <0.16, 0.26, 0.08>] [1 rgb <0.55, 0.65, 0.5>] } } }
#declare R = seed(17);
// the garden: leaves, light between them, a few roses
plane { -z, -14 pigment { bozo turbulence 0.7 scale 1.2 color_map { [0 rgb <0.04, 0.09, 0.02>] [0.5 rgb <0.13, 0.24, 0.05>] [1 rgb <0.36, 0.46, 0.14>] } } finish { ambient 0.6 } }
#for (N, 1, 900)
  sphere { 0, 0.05 + 0.11 * rand(R) pigment { rgb <0.13, 0.26, 0.05> * (0.4 + 1.3 * rand(R)) } finish { ambient 0.45 }
    translate <(rand(R) - 0.5) * 4.6, 0.2 + 3 * rand(R), 3 + 7 * rand(R)> }
#end
#for (N, 1, 60)
  sphere { 0, 0.018 + 0.03 * rand(R) pigment { rgb <1, 0.95, 0.70> } finish { ambient 0 emission 1.5 } no_shadow
    translate <(rand(R) - 0.5) * 4.4, 1.0 + 1.7 * rand(R), 4 + 6 * rand(R)> }
#end
#for (N, 1, 26)
  sphere { 0, 0.07 + 0.05 * rand(R) pigment { rgb <0.85, 0.25 + 0.25 * rand(R), 0.35> } finish { ambient 0.4 }
    translate <(rand(R) - 0.5) * 3.6, 0.5 + 1.0 * rand(R), 3 + 3 * rand(R)> }
#end
// shoulders in linen
blob { threshold 0.5
  sphere { <0, 0.78, 0>, 0.55, 1 scale <1, 1, 0.8> }
  sphere { <-0.27, 0.97, 0>, 0.27, 1 } sphere { <0.27, 0.97, 0>, 0.27, 1 }
  cylinder { <-0.36, 0.95, 0>, <-0.48, 0.3, 0.02>, 0.22, 1 } cylinder { <0.36, 0.95, 0>, <0.48, 0.3, 0.02>, 0.22, 1 }
  cylinder { <-0.24, 0.9, -0.02>, <-0.2, 0.2, -0.02>, 0.34, 1 } cylinder { <0.24, 0.9, -0.02>, <0.2, 0.2, -0.02>, 0.34, 1 }
  cylinder { <0, 1.05, 0>, <0, 1.3, 0>, 0.19, 1 }
  texture { pigment { rgb <0.62, 0.70, 0.78> } normal { average normal_map { [1 wrinkles 0.7 scale <0.22, 0.5, 0.3>] [0.5 gradient x 0.35 scale 0.007 sine_wave] [0.5 gradient y 0.35 scale 0.007 sine_wave] } } }
  texture { pigment { gradient x scale 0.045 color_map { [0.10 rgbt 1] [0.10 rgb <0.12, 0.20, 0.40>] [0.26 rgb <0.12, 0.20, 0.40>] [0.26 rgbt 1] } } normal { wrinkles 0.7 scale <0.22, 0.5, 0.3> } } }
// hair, strand by strand
sphere { 0, 1 scale <0.145, 0.2, 0.15> translate <0, 1.52, 0> pigment { rgb <0.10, 0.045, 0.02> } }
#for (N, 1, 2600)
  #declare A = (rand(R) - 0.5) * 2.9; #declare L = 0.52 + 0.2 * rand(R) - 0.05 * abs(A); #declare D = 0.9 + 0.14 * rand(R);
  #declare W = 0.03 * sin(5 * A + 3) + 0.03 * (rand(R) - 0.5);
  #declare C = 0.75 + 0.6 * rand(R);
  union {
    #declare P = array[5] {
      <0.15 * sin(A) * D, 1.62, -0.155 * cos(A) * D>, <0.165 * sin(A) * D + W * 0.3, 1.42, -0.17 * cos(A) * D - 0.01>,
      <0.175 * sin(A) * D + W, 1.60 - L * 0.6, -0.20 * cos(A) * D - 0.06>, <0.17 * sin(A) * D + W * 1.4, 1.60 - L * 0.85, -0.20 * cos(A) * D - 0.08>,
      <0.155 * sin(A) * D + W * 1.6, 1.60 - L, -0.185 * cos(A) * D - 0.085> }
    #for (K, 0, 3) cylinder { P[K], P[K + 1], 0.0024 - 0.0003 * K } #end
    pigment { rgb <0.21, 0.10, 0.045> * C } finish { specular 0.35 roughness 0.04 } }
#end
// the hat
union {
  lathe { cubic_spline 12, <-0.1, 0.2>, <0, 0.205>, <0.09, 0.195>, <0.15, 0.15>, <0.168, 0.08>, <0.175, 0.01>, <0.22, -0.012>, <0.32, -0.035>, <0.40, -0.075>, <0.405, -0.078>, <0.33, -0.045>, <0.2, -0.03>
  texture { pigment { radial frequency 90 color_map { [0 rgb <0.72, 0.52, 0.25>] [0.5 rgb <0.86, 0.68, 0.38>] [1 rgb <0.66, 0.46, 0.2>] } } normal { average normal_map { [1 radial 0.7 frequency 110 sine_wave] [1 onion 0.8 scale 0.014 sine_wave] } } } }
  lathe { cubic_spline 7, <0.174, 0.0>, <0.180, 0.006>, <0.178, 0.035>, <0.175, 0.062>, <0.170, 0.064>, <0.165, 0.04>, <0.174, 0.0> pigment { rgb <0.12, 0.03, 0.05> } normal { radial 0.3 frequency 40 } }
  rotate <-9, 0, 4> translate <0, 1.67, 0.01> }
