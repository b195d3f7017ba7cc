// Snow mountains above a lake.
#include "photo.inc"
Light(60, 0.8)
camera { location <0, 1.1, -14> look_at <-0.5, 3.6, 10> angle 40 right x * 1.5 }
Sun(<-0.8, 0.55, -0.35>, rgb <1.75, 1.6, 1.35>)
Sky(rgb <0.10, 0.24, 0.58>, rgb <0.55, 0.68, 0.85>, rgb <0.95, 0.96, 1>, 0.42, 5)
Haze(rgb <0.50, 0.62, 0.80>, 190)
#declare Rise = function(x, z) { 0.12 + 0.88 * min(max((z - 0.04) * 2.2, 0), 1) }
#declare Relief = function(x, z) { 0.42 * Rise(x, z) * f_ridged_mf(x * 4.2 + 9.3, 0.3, z * 4.2 + 4, 0.95, 2.15, 8, 0.85, 2.1, 2) }
#declare Rock = texture { pigment { granite turbulence 0.3 scale <0.05, 0.02, 0.05>
    color_map { [0 rgb <0.12, 0.11, 0.11>] [0.5 rgb <0.24, 0.215, 0.20>] [1 rgb <0.33, 0.30, 0.28>] } } }
#declare Snow = texture { pigment { rgb <0.92, 0.94, 0.98> } finish { diffuse 0.9 } }
#declare Trees = texture { pigment { bozo scale 0.004 color_map { [0 rgb <0.02, 0.045, 0.02>] [1 rgb <0.07, 0.11, 0.04>] } } normal { granite 0.9 scale 0.015 } }
#declare High = texture { slope y texture_map { [0.60 Rock] [0.68 Snow] } }
#declare Mid = texture { slope y texture_map { [0.74 Rock] [0.80 Snow] } }
height_field { function 900, 900 { Relief(x, y) } smooth
  texture { gradient y turbulence 0.03 texture_map { [0 Trees] [0.16 Trees] [0.22 Rock] [0.26 Rock] [0.32 Mid] [0.45 High] [1 High] } }
  translate <-0.5, -0.09, 0> scale <60, 12, 50> translate <0, 0, 2> }
plane { y, 0 pigment { rgb <0.02, 0.05, 0.06> }
  normal { wrinkles 0.10 scale <0.9, 0.3, 0.22> }
  finish { diffuse 0.3 reflection { 0.03, 0.95 fresnel } conserve_energy } interior { ior 1.33 } }
