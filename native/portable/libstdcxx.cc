// Part of portable builds: a function that GCC's headers call and that the libstdc++ of GCC 8
// lacks.
#include <new>

namespace std {
void __throw_bad_array_new_length() { throw bad_array_new_length(); }
}  // namespace std
