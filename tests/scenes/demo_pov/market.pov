// Crates of fruit on a market stall.
#include "photo.inc"
Light(60, 1)
camera { location <0.4, 3.6, -5.4> look_at <0.15, 1.15, 0.6> angle 50 right x * 1.5 }
Sun(<-0.5, 0.9, -0.65>, rgb <1.5, 1.42, 1.25>)
sky_sphere { pigment { rgb <0.55, 0.62, 0.72> } }
#declare R = seed(5);
#declare Orange = sphere { 0, 0.25 pigment { bozo scale 0.2 color_map { [0 rgb <0.90, 0.33, 0.02>] [1 rgb <0.96, 0.44, 0.03>] } } normal { bumps 0.4 scale 0.015 } finish { specular 0.25 roughness 0.03 } }
#declare Lemon = union { sphere { 0, 0.2 scale <1.25, 1, 1> } sphere { <0.245, 0, 0>, 0.05 } pigment { rgb <0.92, 0.72, 0.05> } normal { bumps 0.4 scale 0.015 } finish { specular 0.25 roughness 0.03 } }
#macro Apple(Red, Pale)
union {
  lathe { cubic_spline 13, <-0.1, 0.1>, <0, 0.06>, <0.12, -0.01>, <0.24, -0.04>, <0.38, 0.06>, <0.5, 0.3>, <0.53, 0.52>, <0.46, 0.76>, <0.3, 0.88>, <0.16, 0.87>, <0.06, 0.79>, <0, 0.74>, <-0.1, 0.7>
    pigment { spherical scale <0.2, 1.3, 1.6> turbulence 0.35 translate <0.5, 0.4, 0> color_map { [0 Red] [0.55 Red] [1 Pale] } } finish { specular 0.45 roughness 0.015 } }
  cone { <0, 0.72, 0>, 0.02, <0.06, 1.02, 0.02>, 0.03 pigment { rgb <0.2, 0.11, 0.05> } }
  translate -0.42 * y scale 0.46 }
#end
#declare Red_apple = object { Apple(rgb <0.50, 0.02, 0.03>, rgb <0.8, 0.5, 0.15>) }
#declare Green_apple = object { Apple(rgb <0.36, 0.52, 0.06>, rgb <0.65, 0.65, 0.2>) }
#declare Plum = union { sphere { 0, 0.17 scale <1, 1.15, 1> } pigment { bozo scale 0.1 color_map { [0 rgb <0.10, 0.03, 0.13>] [1 rgb <0.22, 0.08, 0.22>] } } finish { specular 0.15 roughness 0.08 } }
#declare Tomato = union { sphere { 0, 0.24 scale <1, 0.82, 1> pigment { rgb <0.72, 0.05, 0.02> } finish { specular 0.6 roughness 0.01 reflection { 0.01, 0.1 } } }
  #for (N, 0, 4) cone { <0, 0.19, 0>, 0.02, <0.11, 0.21, 0>, 0.003 rotate y * 72 * N pigment { rgb <0.10, 0.25, 0.04> } } #end }
#declare Wood = texture { pigment { wood turbulence 0.1 scale <4, 0.06, 0.06> rotate 3 * y color_map { [0 rgb <0.50, 0.35, 0.20>] [0.7 rgb <0.62, 0.46, 0.28>] [1 rgb <0.40, 0.26, 0.14>] } } }
#macro Crate(What, Size, X, Row)
union {
  #for (N, 0, 1)
    box { <-0.95, 0.02 + 0.26 * N, -0.72>, <0.95, 0.23 + 0.26 * N, -0.68> texture { Wood translate <N, X, Row> } }
    box { <-0.95, 0.02 + 0.26 * N, 0.68>, <0.95, 0.23 + 0.26 * N, 0.72> texture { Wood translate <N, X + 3, Row> } }
    box { <-0.97, 0.02 + 0.26 * N, -0.7>, <-0.93, 0.23 + 0.26 * N, 0.7> texture { Wood rotate 90 * y translate <N, X, Row> } }
    box { <0.93, 0.02 + 0.26 * N, -0.7>, <0.97, 0.23 + 0.26 * N, 0.7> texture { Wood rotate 90 * y translate <N, X, Row> } }
  #end
  box { <-0.95, 0, -0.7>, <0.95, 0.2, 0.7> pigment { rgb <0.1, 0.08, 0.05> } }
  #local Across = floor(1.8 / (2 * Size)); #local Deep = floor(1.34 / (2 * Size));
  #for (Layer, 0, 2) #for (A, 0, Across - 1 - mod(Layer, 2)) #for (B, 0, Deep - 1 - Layer)
    #if (Layer < 2 | rand(R) < 0.6)
    object { What rotate <rand(R) * 70 - 35, rand(R) * 360, rand(R) * 70 - 35> scale 0.92 + 0.14 * rand(R)
      translate <-0.9 + Size + 2 * Size * (A + 0.5 * mod(Layer, 2)) + 0.04 * rand(R), 0.28 + Size * 0.6 + Layer * Size * 1.25, -0.67 + Size + 2 * Size * (B + 0.5 * Layer) + 0.04 * rand(R)> }
    #end
  #end #end #end
  union { // the price
    box { <-0.26, 0, 0>, <0.26, 0.3, 0.01> pigment { rgb <0.9, 0.88, 0.8> } }
    #for (N, 0, 2) box { <-0.19 + 0.14 * N, 0.08, -0.002>, <-0.12 + 0.14 * N, 0.23, 0> pigment { rgb <0.05, 0.05, 0.08> } } #end
    cylinder { <0, -0.4, 0.005>, <0, 0, 0.005>, 0.012 pigment { rgb <0.5, 0.36, 0.2> } }
    rotate <12, 10 * (rand(R) - 0.5), 0> translate <0.3 * (rand(R) - 0.5), 0.95, 0.35> }
  rotate -24 * x translate <X, 0.55 + 0.78 * Row, 1.52 * Row - 1.2> }
#end
Crate(Orange, 0.25, -2.05, 0) Crate(Red_apple, 0.235, 0, 0) Crate(Lemon, 0.21, 2.05, 0)
Crate(Plum, 0.17, -2.05, 1) Crate(Green_apple, 0.235, 0, 1) Crate(Tomato, 0.24, 2.05, 1)
Crate(Red_apple, 0.235, -2.05, 2) Crate(Lemon, 0.21, 0, 2) Crate(Orange, 0.25, 2.05, 2)
Crate(Tomato, 0.24, -4.1, 0) Crate(Green_apple, 0.235, -4.1, 1) Crate(Plum, 0.17, 4.1, 0) Crate(Red_apple, 0.235, 4.1, 1) Crate(Plum, 0.17, 4.1, 2) Crate(Orange, 0.25, -4.1, 2)
// the stall behind, its cloth above
box { <-9, -3, 3.6>, <9, 6, 3.7> pigment { gradient x scale 0.9 color_map { [0 rgb <0.16, 0.28, 0.22>] [0.97 rgb <0.18, 0.31, 0.24>] [0.97 rgb 0.05] [1 rgb 0.05] } } normal { wood 0.1 scale 0.3 } }
union { #for (N, -8, 8)
    polygon { 5, <N * 0.7, 0, 0>, <N * 0.7 + 0.7, 0, 0>, <N * 0.7 + 0.7, -0.55, 0>, <N * 0.7, -0.55, 0>, <N * 0.7, 0, 0> pigment { #if (mod(N + 8, 2)) rgb <0.55, 0.06, 0.05> #else rgb <0.88, 0.85, 0.78> #end } translate <0, 4.55, 1.2> }
  #end finish { diffuse 0.6, 0.3 } }
plane { y, -0.4 pigment { rgb <0.25, 0.23, 0.21> } }
