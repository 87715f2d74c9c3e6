// How the matrix of a product is cut into pieces: into slices; or, where the gradient of an input
// is a product for each residue of a position, into what each takes of the pixels that all meet.
#pragma once

#include "convolution_gather.h"

namespace neurone::NEURONE_ISA::convolution {

// A slice of a matrix, from `column` on of what is copied.
struct Piece {
  Slice slice;
  Index column;
};

// Slices that are copied one after the other.
std::vector<Piece> slicesOf(const Slices&);

// What the positions of all lines meet; without taps unless the lines have as many positions.
Line unionOf(const std::vector<Line>&);

// The taps of `part` among those of `all`, `channels` of each: those that lie side by side are one
// piece.
std::vector<Piece> piecesOf(const Lattice& part, const Lattice& all, Index channels);

}  // namespace neurone::NEURONE_ISA::convolution
