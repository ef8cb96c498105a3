#include "descriptor_callbacks.hpp"

#include <string>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "loop_core.hpp"
#include "selector.hpp"
#include "watcher.hpp"

namespace antiphon::asio_style::detail {

/// The callbacks of one descriptor.
class DescriptorCallbacks::Entry final : public Watcher {
 public:
  [[nodiscard]] Callback& of(unsigned interest) noexcept {
    return interest == Selector::read ? reader_ : writer_;
  }
  [[nodiscard]] unsigned interest() const noexcept {
    return (reader_ ? Selector::read : Selector::none) | (writer_ ? Selector::write : Selector::none);
  }

  bool on_readable() override {
    call(reader_);
    return false;
  }
  void on_writable() override { call(writer_); }
  void loop_closed() override {
    const auto reader = std::exchange(reader_, nullptr);
    const auto writer = std::exchange(writer_, nullptr);
  }

 private:
  static void call(const Callback& fn) {
    const Callback kept = fn;  // it may remove or replace itself, and this object with it
    kept();
  }

  Callback reader_;
  Callback writer_;
};

DescriptorCallbacks::DescriptorCallbacks() = default;
DescriptorCallbacks::~DescriptorCallbacks() = default;

void DescriptorCallbacks::add(LoopCore& core, int fd, unsigned interest, Callback fn) {
  core.check_closed();
  if (fd < 0) throw ValueError("Invalid file descriptor: " + std::to_string(fd));
  if (!fn) throw TypeError("a callback is needed for descriptor " + std::to_string(fd));
  auto found = entries_.find(fd);
  if (found == entries_.end()) {
    if (core.selector().watcher(fd) != nullptr) {
      throw RuntimeError("File descriptor " + std::to_string(fd) + " is used by a transport or a server");
    }
    auto entry = std::make_unique<Entry>();
    core.selector().watch(fd, *entry, interest);  // may throw: nothing has happened yet
    core.watchers().join(*entry);
    entry->of(interest) = std::move(fn);
    entries_.emplace(fd, std::move(entry));
    return;
  }
  Entry& entry = *found->second;
  core.selector().watch(fd, entry, entry.interest() | interest);
  const Callback replaced = std::exchange(entry.of(interest), std::move(fn));
}

bool DescriptorCallbacks::remove(LoopCore& core, int fd, unsigned interest) {
  const auto found = entries_.find(fd);
  if (found == entries_.end() || !found->second->of(interest)) return false;
  Entry& entry = *found->second;
  const Callback removed = std::exchange(entry.of(interest), nullptr);
  if (entry.interest() != Selector::none) {
    core.selector().watch(fd, entry, entry.interest());
    return true;
  }
  core.selector().remove(fd);
  core.watchers().leave(entry);
  entries_.erase(found);
  return true;
}

void DescriptorCallbacks::clear() {
  const auto dropped = std::exchange(entries_, {});
}

}  // namespace antiphon::asio_style::detail
