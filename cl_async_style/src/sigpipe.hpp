#pragma once

#include <csignal>
#include <ctime>

namespace antiphon::cl_async_style {

/// Keeps SIGPIPE from this thread while it lives: a write to a connection that is gone is an error like any
/// other (CL-113), but libuv writes without MSG_NOSIGNAL, and the signal would end the process.
class without_sigpipe {
 public:
  without_sigpipe() noexcept {
    sigemptyset(&sigpipe_);
    sigaddset(&sigpipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  without_sigpipe(const without_sigpipe&) = delete;
  without_sigpipe& operator=(const without_sigpipe&) = delete;
  ~without_sigpipe() {
    if (sigismember(&before_, SIGPIPE) == 1) return;
    const timespec now{};
    sigtimedwait(&sigpipe_, nullptr, &now);  // one that is pending would be delivered now
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t sigpipe_{};
  sigset_t before_{};
};

}  // namespace antiphon::cl_async_style
