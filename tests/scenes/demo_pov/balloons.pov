// Hot-air balloons over a valley in the morning.
#include "photo.inc"
Light(60, 0.9)
camera { location <0, 6, -30> look_at <0.2, 9.4, 0> angle 25 right x * 2 / 3 up y }
Sun(<-0.75, 0.5, -0.45>, rgb <1.75, 1.55, 1.2>)
Sky(rgb <0.16, 0.36, 0.70>, rgb <0.86, 0.80, 0.74>, rgb <1, 0.97, 0.93>, 0.36, 8)
fog { fog_type 2 distance 110 fog_offset -4 fog_alt 4 up y color rgb <0.80, 0.80, 0.80> }
#declare Land = function(x, y) { 0.45 * f_noise3d(x * 7 + 2, y * 7, 0.4) + 0.10 * f_noise3d(x * 24, y * 24, 1) + 0.35 * max(y - 0.45, 0) * f_ridged_mf(x * 5, 0, y * 5, 1, 2.1, 6, 0.8, 2, 2) }
#declare Grass = texture { pigment { crackle metric 1 form <1, 0, 0> turbulence 0.12 scale <0.035, 1, 0.045> color_map {
    [0 rgb <0.10, 0.17, 0.04>] [0.25 rgb <0.20, 0.26, 0.07>] [0.4 rgb <0.36, 0.31, 0.10>] [0.55 rgb <0.13, 0.20, 0.05>] [0.8 rgb <0.28, 0.27, 0.10>] [1 rgb <0.09, 0.14, 0.04>] } } }
#declare Trees = texture { pigment { rgb <0.035, 0.065, 0.02> } }
height_field { function 700, 700 { Land(x, y) } smooth
  texture { bozo turbulence 0.6 scale 0.035 texture_map { [0.55 Grass] [0.58 Trees] } }
  translate <-0.5, -0.35, 0> scale <260, 26, 330> translate <0, 0, -30> }
#declare R = seed(4);
#for (N, 1, 900) // trees and hedges
  #declare X = rand(R); #declare Z = 0.07 + 0.35 * pow(rand(R), 0.7);
  #if (f_noise3d(X * 30, 0, Z * 30) > 0.52)
    sphere { <0, 0.25, 0>, 1 scale (0.5 + rand(R) * 0.7) * <1, 1.1, 1> pigment { rgb <0.04, 0.075, 0.02> * (0.7 + 0.8 * rand(R)) } normal { granite 0.9 scale 0.4 }
      translate <(X - 0.5) * 260, (Land(X, Z) - 0.35) * 26, Z * 330 - 30> }
  #end
#end
#macro Balloon(First, Second, Third, Where, Size, Turn)
union {
  lathe { cubic_spline 12, <-0.5, 3.9>, <0, 4.02>, <0.85, 3.88>, <1.6, 3.38>, <2, 2.55>, <1.96, 1.85>, <1.6, 1.1>, <1.1, 0.35>, <0.62, -0.35>, <0.42, -0.62>, <0.38, -0.66>, <0.3, -0.7>
    pigment { radial frequency 12 color_map { [0 First] [0.33 First] [0.33 Second] [0.66 Second] [0.66 Third] [1 Third] } }
    normal { radial 0.35 frequency 24 scallop_wave }
    finish { diffuse 0.75, 0.22 specular 0.15 roughness 0.06 } }
  box { <-0.27, -1.75, -0.27>, <0.27, -1.3, 0.27> pigment { checker rgb <0.20, 0.11, 0.05>, rgb <0.30, 0.18, 0.09> scale 0.07 } }
  #for (X, -1, 1, 2) #for (Z, -1, 1, 2)
    cylinder { <0.25 * X, -1.3, 0.25 * Z>, <0.36 * X, -0.6, 0.36 * Z>, 0.012 pigment { rgb 0.1 } }
  #end #end
  cylinder { <-0.08, -1.35, 0>, <-0.08, -1.08, 0>, 0.1 pigment { rgb 0.05 } } sphere { <-0.08, -1.0, 0>, 0.08 pigment { rgb <0.5, 0.3, 0.2> } }
  rotate Turn scale Size translate Where }
#end
#declare Red = rgb <0.70, 0.04, 0.03>; #declare Gold = rgb <0.95, 0.60, 0.05>; #declare White = rgb <0.9, 0.88, 0.82>;
#declare Navy = rgb <0.03, 0.08, 0.32>; #declare Green = rgb <0.06, 0.36, 0.12>; #declare Sky_blue = rgb <0.10, 0.42, 0.66>;
object { Balloon(Red, Gold, Red, <-2.0, 8.8, -6>, 1.0, 10 * y) }
object { Balloon(Navy, White, Sky_blue, <4.6, 13.2, 10>, 1.1, 40 * y) }
object { Balloon(Green, Gold, White, <3.0, 4.2, 6>, 0.9, 77 * y) }
object { Balloon(Gold, Red, White, <-7.8, 15.5, 30>, 1.0, 5 * y) }
object { Balloon(White, Red, Navy, <-10, 6.4, 60>, 1.1, 5 * y) }
object { Balloon(Sky_blue, Gold, Navy, <14, 13.6, 90>, 1.1, 25 * y) }
