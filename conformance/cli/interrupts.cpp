#include "interrupts.hpp"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <system_error>

#include "leftovers.hpp"

namespace antiphon::cli {

namespace {

/// All but those that whoever started us has them ignore, as nohup does.
sigset_t interrupts() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};
    ::sigaction(number, nullptr, &now);
    if (now.sa_handler != SIG_IGN) sigaddset(&set, number);
  }
  return set;
}

void wait_for_one(const std::stop_token& stop, const sigset_t& set) {
  constexpr std::timespec a_while{0, 100'000'000};  // how long the kit's end may wait for this thread's
  int number = -1;
  while (number < 0 && !stop.stop_requested()) number = ::sigtimedwait(&set, nullptr, &a_while);
  if (number < 0) return;
  conformance::Leftovers::here().clean_up();
  ::signal(number, SIG_DFL);
  ::raise(number);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace

CleanInterrupts::CleanInterrupts() {
  const sigset_t set = interrupts();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  waiting_ = std::jthread([set](const std::stop_token& stop) { wait_for_one(stop, set); });
}

CleanInterrupts::~CleanInterrupts() {
  waiting_.request_stop();
  waiting_.join();
  const sigset_t set = interrupts();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

HeldInterrupts::HeldInterrupts() {
  const sigset_t set = interrupts();
  fd_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  ::pthread_sigmask(SIG_BLOCK, &set, &before_);
}

HeldInterrupts::~HeldInterrupts() {
  let_go();
}

void HeldInterrupts::let_go() const {
  ::close(fd_);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace antiphon::cli
