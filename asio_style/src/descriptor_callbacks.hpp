#pragma once

#include <functional>
#include <memory>
#include <unordered_map>

namespace antiphon::asio_style::detail {

class LoopCore;

/// What add_reader and add_writer registered: a callback per descriptor and direction. Thread: the loop's.
class DescriptorCallbacks {
 public:
  using Callback = std::function<void()>;

  DescriptorCallbacks();
  DescriptorCallbacks(const DescriptorCallbacks&) = delete;
  DescriptorCallbacks& operator=(const DescriptorCallbacks&) = delete;
  ~DescriptorCallbacks();

  /// `interest` is Selector::read or Selector::write. Errors as EventLoop::add_reader has them.
  void add(LoopCore& core, int fd, unsigned interest, Callback fn);
  bool remove(LoopCore& core, int fd, unsigned interest);
  /// The loop closes: all callbacks go.
  void clear();

 private:
  class Entry;
  std::unordered_map<int, std::unique_ptr<Entry>> entries_;
};

}  // namespace antiphon::asio_style::detail
