#include "selector.hpp"

#include <unistd.h>

#include <cerrno>

#include "antiphon/asio_style/errors.hpp"
#include "watcher.hpp"

namespace antiphon::asio_style::detail {

namespace {

std::uint64_t tag(int fd, std::uint32_t generation) {
  return (std::uint64_t{generation} << 32U) | static_cast<std::uint32_t>(fd);
}

std::uint32_t epoll_mask(unsigned interest) {
  return ((interest & Selector::read) != 0 ? std::uint32_t{EPOLLIN} | EPOLLRDHUP : 0U) |
         ((interest & Selector::write) != 0 ? std::uint32_t{EPOLLOUT} : 0U);
}

}  // namespace

Selector::Selector() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw_os_error(errno);
}

Selector::~Selector() {
  ::close(epoll_);
}

void Selector::watch(int fd, Watcher& watcher, unsigned interest) {
  const auto slot = static_cast<std::size_t>(fd);
  if (slot >= entries_.size()) {
    if (interest == none) return;
    entries_.resize(slot + slot / 2 + 64);
  }
  Entry& entry = entries_[slot];
  entry.watcher = &watcher;
  entry.wanted = static_cast<std::uint8_t>(interest);
  const unsigned told = entry.registered;
  // Reading is given up lazily; writing at once, because a socket is writable nearly always.
  if ((interest & ~told) != 0 || (told & write & ~interest) != 0) tell_kernel(fd, entry);
}

void Selector::forget(int fd) noexcept {
  const auto slot = static_cast<std::size_t>(fd);
  if (slot >= entries_.size()) return;
  Entry& entry = entries_[slot];
  entry = Entry{nullptr, entry.generation + 1, none, none};
}

void Selector::remove(int fd) noexcept {
  const auto slot = static_cast<std::size_t>(fd);
  if (slot < entries_.size() && entries_[slot].registered != none) {
    epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  }
  forget(fd);
}

Watcher* Selector::watcher(int fd) const noexcept {
  const auto slot = static_cast<std::size_t>(fd);
  return slot < entries_.size() ? entries_[slot].watcher : nullptr;
}

unsigned Selector::interest(int fd) const noexcept {
  const auto slot = static_cast<std::size_t>(fd);
  return slot < entries_.size() ? entries_[slot].wanted : none;
}

void Selector::tell_kernel(int fd, Entry& entry) {
  epoll_event event{};
  event.events = epoll_mask(entry.wanted);
  event.data.u64 = tag(fd, entry.generation);
  // Nothing wanted: out of the set, since the kernel would report errors and hang-ups all the same, for ever.
  const int operation = entry.wanted == none       ? EPOLL_CTL_DEL
                        : entry.registered == none ? EPOLL_CTL_ADD
                                                   : EPOLL_CTL_MOD;
  if (epoll_ctl(epoll_, operation, fd, &event) != 0) {
    const int error = errno;
    entry.wanted = entry.registered;
    throw_os_error(error);
  }
  entry.registered = entry.wanted;
}

std::size_t Selector::poll() {
  const int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), 0);
  if (count < 0 && errno != EINTR) throw_os_error(errno);
  ready_ = count < 0 ? 0 : static_cast<std::size_t>(count);
  may_be_ready_ = count < 0 || ready_ == events_.size();
  return ready_;
}

Selector::Due Selector::sort_out_rest(const epoll_event& event, Entry& entry) {
  if (entry.generation != generation_of(event)) return {nullptr, none};
  // As in asyncio: an error or a hang-up wakes whoever waits, in either direction.
  const unsigned ready = ((event.events & ~std::uint32_t{EPOLLOUT}) != 0 ? read : none) |
                         ((event.events & ~(std::uint32_t{EPOLLIN} | EPOLLRDHUP)) != 0 ? write : none);
  if ((ready & entry.registered & ~std::uint32_t{entry.wanted}) != 0) {
    tell_kernel(static_cast<int>(slot_of(event)), entry);
  }
  return {entry.watcher, ready & entry.wanted};
}

bool Selector::still_wants(const epoll_event& event, unsigned interest) const noexcept {
  const Entry& entry = entries_[slot_of(event)];
  return entry.generation == generation_of(event) && (entry.wanted & interest) != 0;
}

}  // namespace antiphon::asio_style::detail
