// Sunlight between the trunks of a beech wood.
#include "photo.inc"
Light(60, 1.1)
camera { location <0, 1.6, -9> look_at <0, 3.1, 4> angle 44 right x * 2 / 3 up y }
light_source { <0.35, 0.62, 0.8> * 1000 rgb <2.1, 1.9, 1.3> }
sky_sphere { pigment { gradient y color_map { [0 rgb <0.80, 0.90, 0.62>] [0.3 rgb <0.62, 0.78, 0.42>] [1 rgb <0.35, 0.5, 0.25>] } } }
fog { fog_type 1 distance 55 color rgb <0.66, 0.74, 0.48> turbulence 0.3 }
#declare R = seed(7);
#declare Ground = function(x, z) { 0.5 * f_noise3d(x * 0.25, 0, z * 0.25) + 0.12 * f_noise3d(x * 1.4, 1, z * 1.4) }
height_field { function 400, 400 { Ground((x - 0.5) * 60, y * 60) * 0.9 } smooth
  pigment { granite turbulence 0.4 scale 0.02 color_map { [0 rgb <0.10, 0.05, 0.02>] [0.4 rgb <0.26, 0.14, 0.06>] [0.6 rgb <0.36, 0.20, 0.08>] [0.75 rgb <0.14, 0.16, 0.04>] [1 rgb <0.2, 0.22, 0.06>] } }
  normal { granite 0.8 scale 0.01 }
  translate <-0.5, 0, 0> scale <60, 1 / 0.9, 60> translate -9 * z }
#macro Trunk(X, Z, Wide, Lean)
union {
  #local N = 0; #local Y = -0.3;
  #while (N < 26)
    #local B = 0.12 * Wide * sin(N * 1.3 + X * 7);
    cone { <B + Lean * Y, Y, 0>, Wide * (1 + 0.7 * exp(-Y * 2.2)) * (1 - 0.012 * Y), <0.12 * Wide * sin((N + 1) * 1.3 + X * 7) + Lean * (Y + 1), Y + 1, 0>, Wide * (1 + 0.7 * exp(-(Y + 1) * 2.2)) * (1 - 0.012 * (Y + 1)) }
    #local N = N + 1; #local Y = Y + 1;
  #end
  texture { pigment { granite turbulence 0.5 scale <0.25, 0.9, 0.25> color_map { [0 rgb <0.07, 0.06, 0.045>] [0.5 rgb <0.20, 0.18, 0.13>] [0.8 rgb <0.28, 0.26, 0.2>] [1 rgb <0.12, 0.15, 0.05>] } }
    normal { granite 0.5 scale <0.12, 0.5, 0.12> } }
  translate <X, 0.2, Z> }
#end
Trunk(-1.75, -2.4, 0.30, 0.012)
Trunk(1.35, 0.2, 0.26, -0.01)
Trunk(-0.55, 3.4, 0.25, 0.02)
#for (N, 1, 60)
  #declare Z = 4 + 40 * rand(R); #declare X = (rand(R) - 0.5) * (5 + Z * 0.85);
  Trunk(X, Z, 0.14 + 0.2 * rand(R), 0.05 * (rand(R) - 0.5))
#end
#declare Blade = object { Leaf(0.17, 0.05) }
#macro Leaves(Count, Where, Spread, Colour)
#for (N, 1, Count)
  object { Blade rotate <rand(R) * 360, rand(R) * 360, rand(R) * 360> scale 0.7 + 0.7 * rand(R)
    pigment { Colour * (0.6 + 0.7 * rand(R)) filter 0.25 } finish { diffuse 0.6, 0.45 }
    translate Where + Spread * (<rand(R), rand(R), rand(R)> + <rand(R), rand(R), rand(R)> - 1) }
#end
#end
#for (K, 1, 70) // the canopy, in twigs
  #declare Z = -2 + 22 * rand(R);
  Leaves(90, <(rand(R) - 0.5) * (3 + 0.8 * Z + 3), 5.3 + 0.16 * Z + (2 + 0.16 * Z) * rand(R), Z>, <0.9, 0.4, 0.9>, rgb <0.24, 0.40, 0.06>)
#end
#for (K, 1, 26) // young beeches
  #declare Z = -3 + 16 * rand(R);
  Leaves(110, <(rand(R) - 0.5) * (4 + 0.9 * (Z + 9)), 0.75 + 0.25 * rand(R), Z>, <0.45, 0.55, 0.45>, rgb <0.16, 0.32, 0.05>)
#end
#for (N, 1, 5000) // fallen leaves
  #declare Z = -8 + 20 * pow(rand(R), 1.5); #declare X = (rand(R) - 0.5) * (2 + 0.9 * (Z + 9));
  object { Blade rotate <80 + 20 * rand(R), rand(R) * 360, 0> scale 0.8 pigment { rgb <0.34, 0.18, 0.07> * (0.5 + rand(R)) }
    translate <X, 0.02 + Ground(X, Z + 9), Z> }
#end
