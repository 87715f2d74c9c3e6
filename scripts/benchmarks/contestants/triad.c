// The memory bandwidth of the machine as STREAM measures it: a[i] = b[i] + 3·c[i] over arrays beyond
// the caches, 12 bytes an element. `triad THREADS`; asked in JSON lines like every contestant, but it
// reads nothing of them: a line is one measurement, the end of stdin ends it.
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ELEMENTS = 1 << 24, REPEATS = 12 };

static float *array(void) {
  const size_t bytes = ELEMENTS * sizeof(float);
  float *values = aligned_alloc(1 << 21, bytes);
  if (values == NULL) exit(1);
#ifdef MADV_HUGEPAGE
  madvise(values, bytes, MADV_HUGEPAGE);
#endif
#pragma omp parallel for schedule(static)
  for (long i = 0; i < ELEMENTS; i++) values[i] = 1.0f;
  return values;
}

static double triad(float *restrict a, const float *restrict b, const float *restrict c) {
  const double start = omp_get_wtime();
#pragma omp parallel for simd schedule(static)
  for (long i = 0; i < ELEMENTS; i++) a[i] = b[i] + 3.0f * c[i];
  return omp_get_wtime() - start;
}

int main(int argc, char **argv) {
  if (argc > 1) omp_set_num_threads(atoi(argv[1]));
  float *a = array(), *b = array(), *c = array();
  char line[4096];
  while (fgets(line, sizeof line, stdin) != NULL && strstr(line, "\"quit\"") == NULL) {
    double best = triad(a, b, c);
    for (int i = 1; i < REPEATS; i++) {
      const double seconds = triad(a, b, c);
      if (seconds < best) best = seconds;
    }
    printf("{\"gigabytesPerSecond\": %.3f}\n", 12.0 * ELEMENTS / best / 1e9);
    fflush(stdout);
  }
  return 0;
}
