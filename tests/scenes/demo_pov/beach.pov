// Parasols on a beach at noon.
#include "photo.inc"
Light(80, 0.75)
camera { location <0, 2.3, -9> look_at <0.2, 1.45, 8> angle 50 right x * 1.5 }
Sun(<0.45, 0.9, -0.35>, rgb <1.7, 1.6, 1.4>)
Sky(rgb <0.08, 0.28, 0.68>, rgb <0.62, 0.78, 0.92>, rgb <0.97, 0.97, 1>, 0.38, 2)
Haze(rgb <0.62, 0.76, 0.90>, 900)
// sand falls towards the water, which breaks in a line of foam
#declare Sand = texture {
  pigment { bozo turbulence 0.8 scale 2.5 color_map { [0 rgb <0.46, 0.35, 0.22>] [1 rgb <0.58, 0.45, 0.30>] } }
  normal { average normal_map { [1 bumps 0.9 scale 0.30] [0.8 granite 0.35 scale 0.25] [0.5 bumps 0.6 scale 0.03] } } }
#declare Wet = texture { pigment { rgb <0.42, 0.33, 0.22> } finish { specular 0.3 roughness 0.05 reflection { 0.02, 0.4 fresnel } conserve_energy } }
isosurface { function { y - 0.10 * f_noise3d(x * 0.45, 0, z * 0.45) - 0.035 * f_noise3d(x * 2.2, 0, z * 2.2) + 0.09 * (z - 2.6 + 0.22 * x) }
  contained_by { box { <-60, -4, -12>, <60, 3, 16> } } max_gradient 1.6 accuracy 0.003
  texture { gradient y texture_map { [0.0 Wet] [0.52 Wet] [0.535 Sand] [1 Sand] } scale 4 translate -2.02 * y }
  interior { ior 1.3 } }
#declare Edge = function(x, z) { z - 3.1 + 0.22 * x + 0.7 * f_noise3d(x * 0.35, 5, 0) + 0.3 * f_noise3d(x * 1.1, 2, z * 0.8) + 0.12 * f_noise3d(x * 4, 2, z * 4) }
plane { y, 0
  texture { pigment { function { min(max((z - 2) / 46, 0), 1) } color_map {
      [0 rgbf <0.40, 0.72, 0.62, 0.75>] [0.08 rgbf <0.10, 0.55, 0.55, 0.3>] [0.3 rgb <0.02, 0.33, 0.44>] [1 rgb <0.01, 0.16, 0.34>] } }
    normal { average normal_map { [1 wrinkles 0.45 scale <1.5, 1, 0.5>] [1 bumps 0.25 scale <0.4, 0.4, 0.15>] } }
    finish { diffuse 0.55 specular 0.6 roughness 0.01 reflection { 0.02, 0.7 fresnel } conserve_energy } }
  texture { pigment { function { min(abs(Edge(x, z)), 1) } color_map { [0 rgbt <1, 1, 1, 0>] [0.12 rgbt <1, 1, 1, 0.1>] [0.22 rgbt <1, 1, 1, 0.75>] [0.4 rgbt 1] [1 rgbt 1] } } finish { diffuse 0.95 } }
  texture { pigment { function { min(abs(Edge(x, z - 3.2 + 0.5 * f_noise3d(x * 0.3, 0, 0))), 1) } color_map { [0 rgbt <1, 1, 1, 0.05>] [0.14 rgbt <1, 1, 1, 0.35>] [0.4 rgbt 1] [1 rgbt 1] } } finish { diffuse 0.95 } }
  interior { ior 1.33 } }
#macro Parasol(First, Second, Where, Lean)
union {
  cylinder { <0, -0.4, 0>, <0, 2.35, 0>, 0.028 pigment { rgb 0.85 } finish { specular 0.3 } }
  #for (N, 0, 7)
    intersection {
      sphere { 0, 1 scale <1.42, 0.62, 1.42> } sphere { 0, 0.985 scale <1.42, 0.62, 1.42> inverse }
      plane { -y, -0.12 } plane { -x, 0 } plane { x, 0 rotate y * 45 }
      pigment { #if (mod(N, 2)) First #else Second #end } normal { bumps 0.1 scale 0.5 } finish { diffuse 0.75 }
      rotate y * 45 * N translate 1.75 * y }
  #end
  rotate Lean translate Where }
#end
#declare Red = rgb <0.72, 0.06, 0.05>; #declare Blue = rgb <0.05, 0.16, 0.45>; #declare White = rgb <0.92, 0.9, 0.84>;
object { Parasol(Red, White, <-3.1, 0.55, -1.2>, <8, 20, -6>) }
object { Parasol(Blue, White, <2.5, 0.5, 0.2>, <-4, 50, 7>) }
object { Parasol(Red, White, <6.6, 0.2, 2.0>, <5, 0, -4>) }
#macro Towel(Colour, Where, Turn)
box { <-0.45, 0, -0.95>, <0.45, 0.03, 0.95>
  pigment { gradient z scale 0.38 color_map { [0 Colour] [0.7 Colour] [0.7 White] [1 White] } } normal { bumps 0.4 scale 0.2 } rotate Turn translate Where }
#end
object { Towel(rgb <0.8, 0.55, 0.08>, <-1.7, 0.62, -2.3>, <3, 28, -1>) }
object { Towel(rgb <0.1, 0.4, 0.5>, <3.7, 0.52, -0.9>, <4, -35, -1>) }
