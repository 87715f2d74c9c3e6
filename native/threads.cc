#include "threads.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>

namespace neurone {
namespace {

std::atomic<int> wantedThreads{0};

}  // namespace

int cpuAllowance() {
  static const int allowance = [] {
    cpu_set_t set;
    int cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    if (std::FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
      double quota = 0, period = 0;
      if (std::fscanf(file, "%lf %lf", &quota, &period) == 2 && period > 0)
        cpus = std::min(cpus, std::max(1, static_cast<int>(std::ceil(quota / period))));
      std::fclose(file);
    }
    return std::clamp(cpus, 1, kMaxThreads);
  }();
  return allowance;
}

void setThreadBudget(int threads) { wantedThreads = std::clamp(threads, 0, kMaxThreads); }

int threadBudget() {
  const int wanted = wantedThreads;
  return wanted > 0 ? wanted : cpuAllowance();
}

}  // namespace neurone
