#include "transport.hpp"

#include <cstring>
#include <stdexcept>
#include <utility>

namespace antiphon::conformance::reference {

std::optional<std::string> Transport::call(const char* where, const Callback& fn) {
  if (protocol_ == nullptr) return std::nullopt;
  try {
    fn();
  } catch (const std::exception& error) {
    const bool silent = (fault(Fault::error_swallowed) && std::strcmp(where, "data_received") == 0) ||
                        (fault(Fault::lost_error_swallowed) && std::strcmp(where, "connection_lost") == 0);
    if (!silent) context_.loop.on_error(where, error.what());
    if (!silent && fault(Fault::error_reported_twice)) context_.loop.on_error(where, error.what());
    return error.what();
  }
  return std::nullopt;
}

void Transport::close() {
  if (phase_ == Phase::flushing && fault(Fault::second_close_aborts)) return queue_lost(Cause::none);
  if (closing() || phase_ == Phase::unborn) return;
  if (inside_pause_ && fault(Fault::close_in_pause_ignored)) return;
  if (reading_pauses_ > 0 && fault(Fault::close_waits_for_resume)) {
    close_waits_ = true;
    return;
  }
  if (fault(Fault::lost_inside_close)) return lost(Cause::none, "");
  phase_ = Phase::flushing;
  closing_shows_ = !fault(Fault::is_closing_late);
  context_.loop.forget_readable(stream_->fd());
  reading_ = false;
  if (fault(Fault::data_after_close) || (inside_made_ && fault(Fault::reads_after_close_in_made)))
    soon(&Transport::tell_garbage);
  if (fault(Fault::close_drops_output) || (fault(Fault::close_after_write_eof_drops) && eof_sent_))
    output_.clear();
  if (fault(Fault::close_gives_up) && !output_.empty())
    context_.loop.call_soon([self = shared_from_this()] { self->queue_lost(Cause::none); });
  if (output_.empty()) flushed();
}

void Transport::abort() {
  if (fault(Fault::abort_after_close_ignored) && closing()) return;
  if (inside_pause_ && fault(Fault::abort_in_pause_ignored)) return;
  if (fault(Fault::abort_flushes) && phase_ == Phase::open) return close();
  if (fault(Fault::lost_inside_abort) && phase_ < Phase::lost) return lost(Cause::none, "");
  if (fault(Fault::end_on_abort) && phase_ < Phase::lost) {
    const Callback told = [this] { protocol_->eof_received(); };
    context_.loop.call_soon([self = shared_from_this(), told] { self->call("eof_received", told); });
  }
  if (fault(Fault::resume_before_lost) && writing_paused_ && phase_ < Phase::lost) {
    output_.clear();
    context_.loop.call_soon([self = shared_from_this()] { self->tell_resume(false); });
  }
  if (fault(Fault::abort_sends_close_notify) && stream_->secure()) stream_->end_writing();
  const bool resumes = fault(Fault::resume_after_lost) && writing_paused_ && phase_ < Phase::lost;
  queue_lost(fault(Fault::abort_has_cause) ? Cause::error : Cause::none);
  if (resumes) context_.loop.call_soon([self = shared_from_this()] { self->tell_resume(false); });
  if (fault(Fault::abort_hits_all))
    for (const auto& other : context_.all) other->queue_lost(Cause::none);
}

/// Everything that was written before a close is with the kernel.
void Transport::flushed() {
  if (phase_ != Phase::flushing) return;
  const Cause cause = fault(Fault::close_has_cause) ? Cause::error : Cause::none;
  if (!stream_->secure()) return queue_lost(cause);
  if (!fault(Fault::no_close_notify)) stream_->end_writing();
  if (eof_told_ || fault(Fault::no_close_notify)) return queue_lost(cause);
  phase_ = Phase::parting;  // AS-232: until the peer's close_notify
  context_.loop.watch_readable(stream_->fd(), [self = shared_from_this()] { self->read_ready(); });
  context_.loop.call_later(std::chrono::seconds(30), [self = weak_from_this()] {
    if (const auto alive = self.lock())
      alive->queue_lost(Cause::timeout, "no close_notify for 30 s");  // AS-235
  });
}

void Transport::queue_lost(Cause cause, const std::string& message) {
  const bool changes = fault(Fault::later_cause_wins) && phase_ == Phase::lost && cause == Cause::error;
  if (phase_ >= Phase::lost && !changes) return;
  phase_ = Phase::lost;
  if (!fault(Fault::size_kept_after_abort)) output_.clear();
  context_.loop.forget_readable(stream_->fd());
  context_.loop.forget_writable(stream_->fd());
  Callback tell = [self = shared_from_this(), cause, message] { self->lost(cause, message); };
  if (fault(Fault::lost_before_soon) || changes)
    context_.loop.call_first(std::move(tell));
  else
    context_.loop.call_soon(std::move(tell));
  if (cause == Cause::reset && fault(Fault::reset_reported)) context_.loop.on_error("read", "reset by peer");
}

void Transport::lost(Cause cause, const std::string& message) {
  if (phase_ == Phase::dead) return;  // its cause was told already
  if (fault(Fault::lost_never) && cause == Cause::none) return;
  phase_ = Phase::dead;
  closing_shows_ = true;
  context_.loop.forget_readable(stream_->fd());
  context_.loop.forget_writable(stream_->fd());
  const Callback tell = [&] { protocol_->connection_lost(cause, message); };
  call("connection_lost", tell);
  if (fault(Fault::lost_twice)) call("connection_lost", tell);
  if (fault(Fault::data_after_lost)) tell_garbage();
  stream_->close();  // AS-196
  if (on_lost) on_lost(cause);
}

void Transport::tell_garbage() {
  call("data_received", [this] { protocol_->data_received("?"); });
}

void Transport::set_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) {
  const std::size_t default_high = fault(Fault::other_default_marks) ? 32768 : 65536;
  std::size_t new_high = high.value_or(low ? 4 * *low : default_high);
  std::size_t new_low = low.value_or(new_high / 4);
  if (fault(Fault::low_stays) && high && !low) new_low = std::min(low_, new_high);
  if (fault(Fault::high_stays) && low && !high) new_high = std::max(high_, *low);
  if (fault(Fault::defaults_not_restored) && !high && !low) return;
  if (new_high < new_low) {
    if (fault(Fault::bad_marks_taken)) return;
    throw std::invalid_argument("high (" + std::to_string(new_high) + ") must not be below low (" +
                                std::to_string(new_low) + ")");
  }
  high_ = new_high;
  low_ = new_low;
  if (fault(Fault::marks_shared))
    for (const auto& other : context_.all) {
      other->high_ = high_;
      other->low_ = low_;
    }
  if (fault(Fault::resume_inside_set_limits) && writing_paused_ && output_.size() <= low_) tell_resume(false);
  if (!fault(Fault::lowering_ignored)) maybe_pause();
}

bool Transport::is_closing() const {
  return closing() && closing_shows_;
}
bool Transport::is_reading() const {
  if (fault(Fault::is_reading_always)) return true;
  if (fault(Fault::is_reading_false_after_end) && eof_told_) return false;
  return !closing() && reading_pauses_ == 0;
}
std::size_t Transport::buffer_size() const {
  return output_.size();
}

}  // namespace antiphon::conformance::reference
