#pragma once

#include <signal.h>

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

/// While it lives, these signals wait; at its end they do what they do. For a process that forks, and so may
/// have no other thread.
class HeldInterrupts {
 public:
  /// std::system_error if there is no descriptor left.
  HeldInterrupts();
  HeldInterrupts(const HeldInterrupts&) = delete;
  HeldInterrupts& operator=(const HeldInterrupts&) = delete;
  ~HeldInterrupts();

  /// Readable once one has come; not to be read.
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// The end of it, for a child that has been forked meanwhile.
  void let_go() const;

 private:
  int fd_ = -1;
  sigset_t before_{};
};

}  // namespace antiphon::cli
