#pragma once

#include <thread>

namespace antiphon::cli {

/// While it lives, SIGINT, SIGTERM and SIGHUP end this process as they would without it, but first all that
/// the kit has started and made is ended and removed (conformance::Leftovers). To be made before any other
/// thread: all that come later inherit that they do not take these signals themselves.
class CleanInterrupts {
 public:
  CleanInterrupts();
  CleanInterrupts(const CleanInterrupts&) = delete;
  CleanInterrupts& operator=(const CleanInterrupts&) = delete;
  ~CleanInterrupts();

 private:
  std::jthread waiting_;
};

}  // namespace antiphon::cli
