#pragma once

namespace antiphon::asio_style::detail {

/// Somebody who lives on the loop with a descriptor of his own: a transport, a listener, a user's reader.
/// The loop links them so that it can end them all when it closes; it does not own them.
class Watcher {
 public:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  virtual ~Watcher() = default;

  /// True: all that there was to read has been read, so that what comes makes the descriptor ready anew.
  /// False where that is not certain: it costs one look more before the loop sleeps.
  virtual bool on_readable() = 0;
  virtual void on_writable() = 0;
  /// The loop closes: let go of the descriptor and of everything
  /// that belongs to the user, and tell nobody (AS-285).
  virtual void loop_closed() = 0;

 private:
  friend class WatcherList;
  Watcher* previous_ = nullptr;
  Watcher* next_ = nullptr;
};

/// Doubly linked through its members: joining and leaving cost no allocation.
class WatcherList {
 public:
  [[nodiscard]] Watcher* front() const noexcept { return front_; }

  void join(Watcher& watcher) noexcept {
    watcher.previous_ = nullptr;
    watcher.next_ = front_;
    if (front_ != nullptr) front_->previous_ = &watcher;
    front_ = &watcher;
  }

  /// No-op for one that is not in the list.
  void leave(Watcher& watcher) noexcept {
    if (front_ == &watcher) front_ = watcher.next_;
    if (watcher.previous_ != nullptr) watcher.previous_->next_ = watcher.next_;
    if (watcher.next_ != nullptr) watcher.next_->previous_ = watcher.previous_;
    watcher.previous_ = watcher.next_ = nullptr;
  }

  /// `call` must not make a watcher join or leave.
  template <class Call>
  void for_each(Call call) const {
    for (Watcher* watcher = front_; watcher != nullptr; watcher = watcher->next_) call(*watcher);
  }

 private:
  Watcher* front_ = nullptr;
};

}  // namespace antiphon::asio_style::detail
