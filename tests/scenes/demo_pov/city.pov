// A city across the river, after sunset.
#include "photo.inc"
Light(30, 0.6)
camera { location <0, 3.2, -60> look_at <0, 11, 0> angle 46 right x * 1.5 }
light_source { <4000, 900, 5000> rgb <0.55, 0.30, 0.22> }
light_source { <-3000, 6000, -4000> rgb <0.10, 0.13, 0.22> shadowless }
sky_sphere {
  pigment { gradient y color_map { [0 rgb <0.95, 0.48, 0.24>] [0.08 rgb <0.72, 0.40, 0.32>] [0.2 rgb <0.34, 0.28, 0.40>] [0.45 rgb <0.10, 0.14, 0.32>] [1 rgb <0.02, 0.04, 0.14>] } }
  pigment { wrinkles turbulence 0.6 octaves 6 scale <0.6, 0.07, 0.5> translate 0.4 color_map { [0.52 rgbt 1] [0.72 rgbt <0.80, 0.34, 0.30, 0.4>] [1 rgbt <0.22, 0.15, 0.24, 0.1>] } }
}
#declare R = seed(19);
// a facade: dark glass between floors, a part of the rooms lit
#macro Facade(Share, Pitch, Shift, Wall)
texture { pigment { Wall } normal { bumps 0.02 } finish { diffuse 0.6 reflection { 0.02, 0.25 fresnel } } }
texture {
  pigment { cells scale <Pitch, 0.62, Pitch> translate Shift color_map {
    [0 rgbt 1] [1 - Share rgbt 1] [1 - Share rgb <1.0, 0.62, 0.26>] [1 - Share * 0.5 rgb <1.0, 0.78, 0.45>] [1 rgb <0.85, 0.92, 1.0>] } }
  finish { diffuse 0 emission 0.8 } }
texture { pigment { gradient y scale 0.62 color_map { [0.34 rgbt 1] [0.34 Wall * 0.7] } } finish { diffuse 0.6 } }
texture { pigment { gradient x scale Pitch color_map { [0.24 Wall * 0.7] [0.24 rgbt 1] } } finish { diffuse 0.6 } }
#end
#macro Tower(X, Z, Wide, Deep, Tall)
#local Wall = rgb <0.10 + 0.1 * rand(R), 0.10 + 0.08 * rand(R), 0.12 + 0.06 * rand(R)>;
union {
  box { <-Wide, 0, -Deep>, <Wide, Tall, Deep> Facade(0.16 + 0.4 * rand(R), 0.42 + 0.4 * rand(R), <rand(R), 0, rand(R)> * 40, Wall) interior { ior 1.4 } }
  box { <-Wide * 0.5, Tall, -Deep * 0.5>, <Wide * 0.4, Tall + 0.8 + rand(R), Deep * 0.5> pigment { Wall * 0.6 } }
  #if (Tall > 17) cylinder { <0, Tall, 0>, <0, Tall + 5, 0>, 0.07 pigment { rgb 0.05 } } sphere { <0, Tall + 5, 0>, 0.16 pigment { rgb <1, 0.1, 0.05> } finish { emission 2 } } #end
  rotate y * (rand(R) * 14 - 7) translate <X, 0.8, Z> }
#end
#for (N, 0, 26) Tower(-42 + N * 3.3 + 2 * rand(R), 26 + 8 * rand(R), 1.3 + 0.8 * rand(R), 1.5, 6 + 9 * rand(R) + 10 * exp(-pow((N - 17) / 4.5, 2))) #end
#for (N, 0, 20) Tower(-40 + N * 4.2 + 2 * rand(R), 10 + 5 * rand(R), 1.4 + 0.9 * rand(R), 1.6, 4 + 7 * rand(R) + 8 * exp(-pow((N - 7) / 2.6, 2))) #end
#for (N, 0, 24) Tower(-40 + N * 3.4 + 1.5 * rand(R), 2 + 2 * rand(R), 1.3 + 0.7 * rand(R), 1.2, 2 + 3.4 * rand(R)) #end
box { <-100, -1, -1>, <100, 0.8, 60> pigment { rgb <0.06, 0.05, 0.05> } }
#for (N, -30, 30) sphere { <N * 1.7, 1.5, -1.1>, 0.14 pigment { rgb <1, 0.7, 0.35> } finish { emission 3 } } #end
plane { y, 0 pigment { rgb <0.01, 0.015, 0.03> }
  normal { average normal_map { [1 wrinkles 0.28 scale <3, 1, 0.9>] [1 bumps 0.16 scale <0.9, 0.5, 0.25>] } }
  finish { diffuse 0.2 reflection { 0.05, 0.95 fresnel } conserve_energy } interior { ior 1.33 } }
