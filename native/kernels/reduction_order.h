// The order of numbers as unsigned whole ones: what sorting and selecting compare.
#pragma once

#include <cstdint>
#include <cstring>

namespace neurone::NEURONE_ISA {

// −0 is 0, and every NaN the largest.
inline std::uint32_t orderOf(float x) {
  if (x != x) return UINT32_MAX;
  std::uint32_t bits;
  const float positiveZero = x == 0 ? 0 : x;
  std::memcpy(&bits, &positiveZero, sizeof bits);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}
inline std::uint32_t orderOf(std::int32_t x) { return static_cast<std::uint32_t>(x) ^ 0x80000000u; }

// Elements and their positions in one number, so that no two are equal: the least is the first of
// the smallest, or of the largest if `flip` is UINT32_MAX.
template <class T>
inline std::uint64_t keyOf(T x, std::int64_t position, std::uint32_t flip) {
  return static_cast<std::uint64_t>(orderOf(x) ^ flip) << 32 | static_cast<std::uint64_t>(position);
}

}  // namespace neurone::NEURONE_ISA
