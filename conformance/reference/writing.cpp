// The transport's output: sending, the marks, the end of the sending side.

#include <stdexcept>
#include <utility>

#include "transport.hpp"

namespace antiphon::conformance::reference {

void Transport::write(std::string_view octets) {
  if (eof_sent_ && !fault(Fault::write_after_write_eof_taken))
    throw std::runtime_error("write after write_eof");  // AS-156
  if (closing()) {
    if (fault(Fault::write_after_close_throws)) throw std::runtime_error("write after close");
    if (phase_ == Phase::dead && fault(Fault::write_in_lost_throws))
      throw std::runtime_error("write when lost");
    return;
  }
  if (octets.empty()) {
    if (fault(Fault::empty_write_closes)) close();
    return;
  }
  if (inside_made_ && fault(Fault::reads_while_made)) read_ready_now();
  std::string copy;
  if (fault(Fault::flips_sent) && octets.size() > 1) {
    copy = octets;
    std::swap(copy.front(), copy.back());
    octets = copy;
  }
  if (fault(Fault::loses_tail) && octets.size() > 1000) octets.remove_suffix(1);
  if (fault(Fault::drops_while_paused) && writing_paused_) return;
  if (fault(Fault::write_throws_when_full) && output_.size() > high_)
    throw std::runtime_error("the buffer is full");
  if (fault(Fault::resume_inside_write) && writing_paused_) return tell_resume(true);

  const bool sends =
      output_.empty() && !fault(Fault::small_writes_wait) && !fault(Fault::pauses_before_sending);
  if (sends && !send_now(octets)) return;  // AS-158: at once; only the rest waits
  if (octets.empty()) return;
  const std::size_t before = output_.size();
  output_ += octets;
  context_.loop.watch_writable(stream_->fd(), [self = shared_from_this()] { self->write_ready(); });
  maybe_pause();
  if (pause_failed_ && fault(Fault::pause_error_drops_write)) output_.resize(before);
}

/// Takes what the kernel took off the front. False: the connection is gone.
bool Transport::send_now(std::string_view& octets) {
  while (!octets.empty()) {
    const IoResult result = stream_->write(octets);
    if (result.io == Io::again) break;
    if (result.io != Io::done && stream_->secure() && fault(Fault::tls_send_error_silent)) {
      context_.loop.forget_readable(stream_->fd());
      context_.loop.forget_writable(stream_->fd());
      return false;
    }
    if (result.io != Io::done) {
      const Cause cause = result.io == Io::reset ? Cause::reset : Cause::broken_pipe;
      queue_lost(fault(Fault::send_error_is_none) ? Cause::none : cause, "the peer is gone");  // AS-161
      return false;
    }
    octets.remove_prefix(result.count);
  }
  return true;
}

void Transport::write_ready() {
  std::string_view rest = output_;
  const bool alive = send_now(rest);
  if (!alive) return;
  output_.erase(0, output_.size() - rest.size());
  maybe_resume();
  if (!output_.empty() || phase_ >= Phase::lost) return;
  context_.loop.forget_writable(stream_->fd());
  if (phase_ == Phase::flushing) return flushed();
  if (eof_sent_) stream_->end_writing();  // AS-172
}

void Transport::maybe_pause() {
  const std::size_t mark = fault(Fault::pause_too_early) ? high_ / 2 : high_;
  if (output_.size() <= mark || phase_ >= Phase::lost) return;
  if (writing_paused_ && !fault(Fault::pause_twice)) return;
  if (fault(Fault::no_second_pause) && resumed_once_) return;
  if (fault(Fault::no_pause_after_end) && eof_told_) return;
  if (fault(Fault::zero_mark_is_no_mark) && high_ == 0) return;
  writing_paused_ = true;
  if (fault(Fault::pause_put_off)) return soon(&Transport::tell_pause);
  tell_pause();
}

void Transport::tell_pause() {
  inside_pause_ = true;
  pause_failed_ = call("pause_writing", [this] { protocol_->pause_writing(); }).has_value();
  inside_pause_ = false;
}

void Transport::maybe_resume() {
  if (!writing_paused_) return;
  if (output_.size() > (fault(Fault::resume_too_early) ? high_ : low_)) return;
  if (fault(Fault::no_resume_while_closing) && closing()) return;
  tell_resume(false);
}

void Transport::tell_resume(bool report_only) {
  writing_paused_ = report_only && writing_paused_;
  resumed_once_ = true;
  auto error = call("resume_writing", [this] { protocol_->resume_writing(); });
  if (error && fault(Fault::resume_error_closes)) queue_lost(Cause::error, *error);
  // cpython 156512: the close completed inside the callback, and completes once more behind it.
  if (closing() && fault(Fault::close_completes_twice))
    context_.loop.on_error("resume_writing", "no transport");
}

void Transport::write_eof() {
  if (stream_->secure() && !fault(Fault::tls_write_eof_taken))
    throw std::runtime_error("TLS cannot end one direction");  // AS-237
  if (closing()) {
    if (fault(Fault::write_eof_after_close_throws)) throw std::runtime_error("write_eof after close");
    return;
  }
  if (eof_sent_) {
    if (fault(Fault::second_write_eof_throws)) throw std::runtime_error("a second write_eof");
    return;
  }
  eof_sent_ = true;
  if (fault(Fault::write_eof_closes)) return close();
  if (fault(Fault::write_eof_at_once)) output_.clear();
  if (fault(Fault::write_eof_stops_reading)) {
    context_.loop.forget_readable(stream_->fd());
    reading_pauses_ = 1;
  }
  if (output_.empty()) stream_->end_writing();  // AS-171
}

}  // namespace antiphon::conformance::reference
