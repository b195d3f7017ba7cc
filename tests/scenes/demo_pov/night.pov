// The moon above a town on a lake.
#include "photo.inc"
Light(20, 0.5)
camera { location <0, 2.2, -26> look_at <0.4, 4.6, 0> angle 50 right x * 1.5 }
#declare At = vnormalize(<0.28, 0.22, 1>); #declare AX = At.x; #declare AY = At.y; #declare AZ = At.z;
light_source { At * 10000 rgb <0.10, 0.12, 0.17> }
light_source { <-4000, 6000, -3000> rgb <0.015, 0.02, 0.035> shadowless }
sky_sphere {
  pigment { gradient y color_map { [0 rgb <0.045, 0.055, 0.10>] [0.3 rgb <0.016, 0.024, 0.06>] [1 rgb <0.005, 0.008, 0.025>] } }
  pigment { wrinkles turbulence 0.6 octaves 7 scale <0.7, 0.16, 0.5> translate 1.3 color_map { [0.45 rgbt 1] [0.75 rgbt <0.06, 0.07, 0.11, 0.2>] [1 rgbt <0.10, 0.115, 0.16, 0.1>] } }
  pigment { function { pow(max(0, x * AX + y * AY + z * AZ), 220) } color_map { [0 rgbt 1] [1 rgbt <0.40, 0.43, 0.46, 0.25>] } }
  pigment { function { x * AX + y * AY + z * AZ } color_map { [0 rgbt 1] [0.99922 rgbt <0.9, 0.88, 0.8, 1>] [0.99928 rgbt <0.95, 0.92, 0.84, 0>] [1 rgbt <0.95, 0.92, 0.84, 0>] } }
}
#declare R = seed(3);
#declare Hill = function(x, y) { 0.75 * f_ridged_mf(x * 3 + 1.7, 0, y * 3, 1, 2.1, 7, 0.8, 2, 2) * min(y * 3.2 + 0.06, 1) * 0.42 }
height_field { function 500, 500 { Hill(x, y) } smooth pigment { rgb <0.05, 0.06, 0.07> } normal { granite 0.5 scale 0.01 }
  translate <-0.5, -0.02, 0> scale <110, 22, 60> translate -2 * z }
#for (N, 1, 330)
  #declare X = 0.5 + 0.44 * (rand(R) + rand(R) - 1) * (0.4 + rand(R)); #declare Y = 0.03 + 0.22 * pow(rand(R), 3);
  #declare Warm = rand(R);
  sphere { <(X - 0.5) * 110, max((Hill(X, Y) - 0.02) * 22, 0.1) + 0.15, Y * 60 - 2>, 0.045 + 0.075 * rand(R)
    pigment { rgb <1, 0.55 + 0.35 * Warm, 0.15 + 0.5 * Warm> } finish { emission 1.5 + 3 * rand(R) } no_shadow }
#end
#for (N, 0, 26) // the promenade
  sphere { <-17 + 1.25 * N, 0.55, -2.2>, 0.09 pigment { rgb <1, 0.72, 0.35> } finish { emission 4 } no_shadow }
#end
plane { y, 0 pigment { rgb <0.003, 0.005, 0.010> }
  normal { average normal_map { [1 wrinkles 0.35 scale <2.6, 1, 0.8>] [1 bumps 0.2 scale <0.7, 0.4, 0.25>] } }
  finish { diffuse 0.2 reflection { 0.05, 0.95 fresnel } conserve_energy } interior { ior 1.33 } }
