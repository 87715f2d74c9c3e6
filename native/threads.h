// How many threads runs may use.
#pragma once

namespace neurone {

inline constexpr int kMaxThreads = 256;

// The number of threads that runs may use; 0 asks for the processor's (cgroup) allowance.
void setThreadBudget(int threads);
int threadBudget();
int cpuAllowance();

}  // namespace neurone
