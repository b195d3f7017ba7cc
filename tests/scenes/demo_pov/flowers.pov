// Poppies and daisies in a meadow.
#include "photo.inc"
global_settings { assumed_gamma 1 max_trace_level 5 }
#default { finish { ambient rgb <0.16, 0.18, 0.2> emission 0 } }
camera { location <0, 0.95, -3.6> look_at <0, 0.62, 0> angle 44 right x * 1.5
  aperture 0.07 focal_point <0, 0.7, -1.2> blur_samples 14 variance 0.004 }
light_source { <0.55, 0.8, -0.35> * 10000 rgb <1.6, 1.5, 1.25> }
Sky(rgb <0.14, 0.36, 0.74>, rgb <0.64, 0.78, 0.92>, rgb <0.97, 0.97, 1>, 0.40, 3)
fog { fog_type 2 distance 120 fog_offset 1 fog_alt 3 up y color rgb <0.66, 0.78, 0.85> }
#declare R = seed(23);
plane { y, 0 pigment { bozo turbulence 0.6 scale 1.5 color_map { [0 rgb <0.07, 0.13, 0.02>] [1 rgb <0.14, 0.22, 0.04>] } } normal { granite 1 scale 0.2 } }
// a wood behind
#for (N, 1, 220)
  sphere { 0, 1 scale <1.6 + rand(R), 1.8 + 1.6 * rand(R), 1.5> pigment { rgb <0.05, 0.10, 0.03> * (0.6 + 0.9 * rand(R)) } normal { granite 1 scale 0.35 }
    translate <(rand(R) - 0.5) * 90, 1.4 + 0.8 * rand(R), 38 + 12 * rand(R)> }
#end
#macro Blade_mesh(Long, Bend, Wide)
mesh {
  #local N = 0; #while (N < 4)
    #local A = N / 4; #local B = (N + 1) / 4;
    triangle { <-Wide * (1 - A), Long * A, Bend * A * A>, <Wide * (1 - A), Long * A, Bend * A * A>, <0, Long * B, Bend * B * B> }
    #local N = N + 1; #end
}
#end
#declare Grass = array[5]
#declare Grass[0] = Blade_mesh(0.55, 0.12, 0.012)
#declare Grass[1] = Blade_mesh(0.7, 0.26, 0.010)
#declare Grass[2] = Blade_mesh(0.42, 0.2, 0.016)
#declare Grass[3] = Blade_mesh(0.62, 0.04, 0.009)
#declare Grass[4] = Blade_mesh(0.5, 0.34, 0.012)
#for (N, 1, 26000)
  #declare Z = -3.2 + 26 * pow(rand(R), 2.2); #declare X = (rand(R) - 0.5) * (2.4 + 0.95 * (Z + 3.6));
  object { Grass[floor(rand(R) * 4.99)] rotate y * rand(R) * 360 scale <1 + 0.05 * (Z + 3), 0.6 + 0.6 * rand(R), 1 + 0.05 * (Z + 3)>
    pigment { rgb <0.16 + 0.12 * rand(R), 0.30 + 0.1 * rand(R), 0.05> } finish { diffuse 0.6, 0.35 } translate <X, 0, Z> }
#end
#declare Petal = intersection { sphere { 0, 1 scale <0.105, 0.085, 0.105> } sphere { <0, 0.012, 0>, 1 scale <0.104, 0.084, 0.104> inverse } plane { y, 0.03 } plane { -x, 0.0 rotate y * 20 } }
#declare Poppy = union {
  #for (N, 0, 3) object { Petal rotate <0, 0, -14 - 8 * mod(N, 2)> rotate y * 90 * N } #end
  sphere { <0, -0.05, 0>, 0.022 pigment { rgb <0.02, 0.015, 0.02> } }
  #for (N, 0, 15) cylinder { <0, -0.06, 0>, <0.035, -0.02, 0>, 0.003 rotate y * N * 22.5 pigment { rgb 0.02 } } #end
  pigment { bozo scale 0.1 color_map { [0 rgb <0.68, 0.03, 0.015>] [1 rgb <0.82, 0.07, 0.02>] } } normal { wrinkles 0.35 scale 0.03 } finish { diffuse 0.65, 0.4 } scale 0.8 }
#declare Daisy = union {
  #for (N, 0, 17) sphere { 0, 1 scale <0.036, 0.004, 0.010> translate <0.05, 0, 0> rotate <0, 0, 8 * sin(N * 7)> rotate y * 20 * N pigment { rgb <0.92, 0.92, 0.90> } } #end
  sphere { 0, 1 scale <0.024, 0.014, 0.024> pigment { rgb <0.90, 0.62, 0.03> } normal { bumps 1 scale 0.004 } }
  finish { diffuse 0.75, 0.2 } }
#macro Flower(What, X, Z, Tall)
union { object { What rotate <-22 - 25 * rand(R), rand(R) * 360, 0> rotate <-30 * rand(R), 0, 20 * (rand(R) - 0.5)> translate Tall * y }
  cylinder { <0.06 * (rand(R) - 0.5), 0, 0>, <0, Tall - 0.04, 0>, 0.006 pigment { rgb <0.18, 0.28, 0.08> } } translate <X, 0, Z> }
#end
#for (N, 1, 420)
  #declare Z = -1.6 + 18 * pow(rand(R), 1.8); #declare X = (rand(R) - 0.5) * (1.9 + 0.9 * (Z + 3));
  Flower(Poppy, X, Z, 0.55 + 0.22 * rand(R))
#end
#for (N, 1, 520)
  #declare Z = -1.9 + 16 * pow(rand(R), 1.8); #declare X = (rand(R) - 0.5) * (1.9 + 0.9 * (Z + 3));
  Flower(Daisy, X, Z, 0.42 + 0.2 * rand(R))
#end
Flower(Poppy, -0.62, -1.45, 0.80) Flower(Poppy, 0.18, -1.2, 0.86) Flower(Poppy, 0.75, -1.35, 0.72)
