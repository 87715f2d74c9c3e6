// Part of portable builds: what GCC's headers refer to and older systems lack. Hidden, so that it
// serves the addon alone.
#include <new>

namespace std {
// libstdc++ has it from GCC 11 on.
void __throw_bad_array_new_length() { throw bad_array_new_length(); }
}  // namespace std

// glibc has it from 2.32 on, to let shared_ptr count without atomics; this process has threads.
extern "C" char __libc_single_threaded;
char __libc_single_threaded = 0;
