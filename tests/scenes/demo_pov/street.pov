// An old street in the afternoon.
#include "photo.inc"
Light(70, 1)
camera { location <0.5, 1.65, -11> look_at <-0.3, 3.7, 8> angle 42 right x * 2 / 3 up y }
Sun(<0.40, 0.80, -0.45>, rgb <1.6, 1.45, 1.15>)
Sky(rgb <0.10, 0.30, 0.70>, rgb <0.68, 0.80, 0.92>, rgb <0.98, 0.97, 0.96>, 0.42, 12)
fog { fog_type 2 distance 500 fog_offset 6 fog_alt 4 up y color rgb <0.75, 0.78, 0.82> }
#declare R = seed(31);
plane { y, 0 pigment { crackle scale <0.24, 0.24, 0.17> turbulence 0.05 color_map { [0 rgb <0.07, 0.06, 0.05>] [0.10 rgb <0.14, 0.12, 0.10>] [0.18 rgb <0.36, 0.33, 0.29>] [1 rgb <0.46, 0.42, 0.37>] } }
  normal { crackle 0.9 scale <0.24, 0.24, 0.17> turbulence 0.05 } }
#macro Window(Y, Z, Wide, Tall, Shutter)
union {
  box { <-0.02, Y, Z - Wide>, <0.10, Y + Tall, Z + Wide> pigment { rgb <0.06, 0.08, 0.10> } finish { specular 0.5 reflection { 0.05, 0.4 fresnel } conserve_energy } interior { ior 1.5 } }
  #for (N, -1, 1) box { <-0.04, Y, Z + N * (Wide - 0.02) - 0.03>, <0, Y + Tall, Z + N * (Wide - 0.02) + 0.03> pigment { rgb 0.75 } } #end
  #for (N, 0, 3) box { <-0.04, Y + Tall * N / 3 - 0.025, Z - Wide>, <0, Y + Tall * N / 3 + 0.025, Z + Wide> pigment { rgb 0.75 } } #end
  box { <-0.14, Y - 0.12, Z - Wide - 0.12>, <0.02, Y - 0.02, Z + Wide + 0.12> pigment { rgb <0.6, 0.56, 0.5> } }
  #for (N, -1, 1, 2) box { <-0.10, Y, Z + N * (Wide + 0.27) - 0.25>, <-0.04, Y + Tall, Z + N * (Wide + 0.27) + 0.25> pigment { Shutter } normal { gradient y 0.9 scale 0.07 } } #end
}
#end
#macro House(Side, Z, Long, Tall, Wall, Shutter)
union {
  difference {
    box { <0, 0, 0>, <6, Tall, Long> }
    #local Floor = 0; #while (2.9 * Floor + 2.4 < Tall)
      #for (N, 0, 2) box { <-0.1, 2.9 * Floor + 0.95, Long * (N + 0.5) / 3 - 0.42>, <0.12, 2.9 * Floor + 2.5, Long * (N + 0.5) / 3 + 0.42> } #end
      #local Floor = Floor + 1; #end
    pigment { bozo turbulence 0.9 octaves 6 scale 1.6 color_map { [0 Wall * 0.75] [0.5 Wall] [1 Wall * 1.12] } } normal { granite 0.10 scale 0.4 }
  }
  #local Floor = 0; #while (2.9 * Floor + 2.4 < Tall)
    #for (N, 0, 2) object { Window(2.9 * Floor + 0.95, Long * (N + 0.5) / 3, 0.42, 1.55, Shutter) translate <0.06 - 0.0, 0, 0> } #end
    #local Floor = Floor + 1; #end
  box { <-0.35, Tall, -0.02>, <6, Tall + 0.16, Long + 0.02> pigment { rgb <0.34, 0.20, 0.13> } }
  prism { 0, Long, 4 <-0.35, Tall + 0.14>, <6, Tall + 0.14>, <3, Tall + 1.9>, <-0.35, Tall + 0.14> rotate -90 * x scale <1, 1, -1> pigment { bozo scale <0.3, 0.3, 0.2> color_map { [0 rgb <0.34, 0.13, 0.07>] [1 rgb <0.46, 0.20, 0.11>] } } normal { gradient z 0.8 scale 0.22 } }
  box { <-0.06, 0, 0>, <0, 0.7, Long> pigment { Wall * 0.5 } normal { granite 0.2 } }
  cylinder { <-0.09, 0, 0.1>, <-0.09, Tall, 0.1>, 0.055 pigment { rgb <0.25, 0.2, 0.16> } }
  translate <3.0, 0, Z> scale <Side, 1, 1> }
#end
#declare Ochre = rgb <0.66, 0.42, 0.16>; #declare Pink = rgb <0.66, 0.36, 0.28>; #declare Cream = rgb <0.72, 0.62, 0.44>; #declare Blue = rgb <0.40, 0.48, 0.54>; #declare Brick = rgb <0.48, 0.22, 0.14>;
#declare Green_shutter = rgb <0.05, 0.16, 0.10>; #declare Grey_shutter = rgb <0.28, 0.32, 0.36>; #declare Red_shutter = rgb <0.30, 0.06, 0.04>;
House(-1, -12, 7, 8.9, Ochre, Green_shutter) House(-1, -5, 6.2, 11.6, Cream, Grey_shutter) House(-1, 1.2, 6.8, 8.4, Pink, Green_shutter) House(-1, 8, 7, 11.9, Ochre, Red_shutter) House(-1, 15, 6, 9, Blue, Grey_shutter) House(-1, 21, 8, 11.5, Cream, Green_shutter) House(-1, 29, 8, 9, Brick, Grey_shutter)
House(1, -12, 6, 11.7, Brick, Grey_shutter) House(1, -6, 7, 8.8, Cream, Red_shutter) House(1, 1, 6, 11.4, Blue, Grey_shutter) House(1, 7, 7, 8.9, Ochre, Green_shutter) House(1, 14, 7, 11.8, Pink, Grey_shutter) House(1, 21, 7, 8.9, Cream, Red_shutter) House(1, 28, 9, 11.5, Ochre, Green_shutter)
House(1, 44, 9, 12, Cream, Green_shutter)
box { <-6, 0, 46>, <8, 11, 50> pigment { Cream } }
union { box { <-1.7, 0, 44>, <1.7, 17, 47> } prism { conic_sweep linear_spline 0, 1, 5, <-1.9, -1.9>, <1.9, -1.9>, <1.9, 1.9>, <-1.9, 1.9>, <-1.9, -1.9> scale <1, -6, 1> translate <0, 23, 45.5> pigment { rgb <0.22, 0.28, 0.26> } } pigment { Cream * 0.85 } translate -1 * x }
// geraniums, lamps, a bicycle of a kind
#for (N, 0, 5)
  cylinder { <2.3, 3.6, -2 + 7 * N>, <3.1, 3.6, -2 + 7 * N>, 0.03 pigment { rgb 0.05 } }
  union { box { <-0.16, -0.5, -0.16>, <0.16, -0.05, 0.16> pigment { rgb <0.8, 0.75, 0.6> } } cone { <0, -0.05, 0>, 0.24, <0, 0.15, 0>, 0.02 pigment { rgb 0.05 } } translate <2.3, 3.6, -2 + 7 * N> }
#end
#macro Pot(X, Z)
union { cone { 0, 0.17, <0, 0.36, 0>, 0.24 pigment { rgb <0.48, 0.20, 0.10> } }
  #for (N, 1, 70) sphere { <0.5 * (rand(R) - 0.5), 0.36 + 0.42 * rand(R), 0.5 * (rand(R) - 0.5)>, 0.05 + 0.03 * rand(R) pigment { #if (rand(R) < 0.3) rgb <0.7, 0.05, 0.06> #else rgb <0.08, 0.2, 0.05> * (0.6 + rand(R)) #end } } #end
  translate <X, 0, Z> }
#end
Pot(-2.6, -4.2) Pot(-2.6, -3.4) Pot(2.65, 1.5) Pot(2.65, 2.4) Pot(-2.65, 6)
