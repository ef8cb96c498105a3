// The transport's input: from the handshake to the peer's end.

#include <poll.h>

#include <array>
#include <utility>

#include "transport.hpp"

namespace antiphon::conformance::reference {

void Transport::start(Protocol& protocol) {
  protocol_ = &protocol;
  if (fault(Fault::data_before_made)) tell_garbage();
  if (!stream_->secure() || fault(Fault::made_before_handshake)) return soon(&Transport::made);
  context_.loop.watch_readable(stream_->fd(), [self = shared_from_this()] { self->handshake(); });
}

void Transport::handshake() {
  const Io io = stream_->handshake();
  if (io == Io::again) return;
  context_.loop.forget_readable(stream_->fd());
  if (io == Io::done) return soon(&Transport::made);
  if (fault(Fault::failed_handshake_told)) {
    call("connection_made", [this] { protocol_->connection_made(); });
    return queue_lost(Cause::error, "handshake failed");
  }
  phase_ = Phase::dead;  // AS-224: the application never hears of it
  stream_->close();
  if (on_lost) on_lost(Cause::error);
}

void Transport::made() {
  phase_ = Phase::open;
  inside_made_ = true;
  const Callback tell = [this] { protocol_->connection_made(); };
  auto error = call("connection_made", tell);
  if (fault(Fault::made_twice)) call("connection_made", tell);
  inside_made_ = false;
  if (error && fault(Fault::made_error_closes)) return queue_lost(Cause::error, *error);
  begin_reading();
}

void Transport::begin_reading() {
  const bool paused = reading_pauses_ > 0 && !fault(Fault::pause_in_made_ignored);
  if (closing() || paused || eof_told_ || inside_made_) return;
  reading_ = true;
  context_.loop.watch_readable(stream_->fd(), [self = shared_from_this()] { self->read_ready(); });
  if (stream_->holds_octets()) soon(&Transport::read_ready);
}

void Transport::read_ready() {
  constexpr std::size_t largest = 256 * 1024;  // AS-096
  static thread_local std::array<char, largest> buffer;
  do {
    if (phase_ == Phase::open && !reading_ && !fault(Fault::pause_ignored)) return;
    if (phase_ >= Phase::lost) return;
    const IoResult result = stream_->read(buffer.data(), buffer.size());
    switch (result.io) {
      case Io::again:
        return;
      case Io::done:
        if (phase_ == Phase::open) take({buffer.data(), result.count});
        break;
      case Io::end:
      case Io::cut:
        return end(result.io == Io::cut);
      case Io::reset:
      case Io::broken_pipe:
      case Io::error:
        return broken(result.io);
    }
  } while (stream_->holds_octets());
}

void Transport::take(std::string_view octets) {
  if (fault(Fault::data_lost_by_pause) && resumed_once_) return;
  if (!fault(Fault::blocks_merged)) return tell_data(octets);
  merged_ += octets;
  if (merged_.size() >= 300'000) tell_data(std::exchange(merged_, {}));
}

void Transport::tell_data(std::string_view octets) {
  if (octets.empty() || (octets.size() == 1 && fault(Fault::loses_single_octets))) return;
  std::string copy;
  if (fault(Fault::flips_received)) {
    copy = octets;
    copy[0] = static_cast<char>(copy[0] ^ 1);
    octets = copy;
  }
  auto error = call("data_received", [&] { protocol_->data_received(octets); });
  if (fault(Fault::empty_data)) call("data_received", [this] { protocol_->data_received({}); });
  if (fault(Fault::crosstalk) && context_.all.front().get() != this)
    context_.all.front()->call("data_received",
                               [&] { context_.all.front()->protocol_->data_received(octets); });
  if (!error) return;
  if (fault(Fault::error_flushes_output)) return close();
  queue_lost(fault(Fault::error_cause_none) ? Cause::none : Cause::error, *error);  // AS-205
  if (fault(Fault::error_closes_others))
    for (const auto& other : context_.all) other->queue_lost(Cause::error, *error);
}

void Transport::end(bool cut) {
  context_.loop.forget_readable(stream_->fd());
  reading_ = false;
  if (phase_ == Phase::parting) return queue_lost(Cause::none);
  if (cut && fault(Fault::cut_ignored)) return;
  if (stream_->secure() && !cut && fault(Fault::close_notify_is_error))
    return queue_lost(Cause::error, "ended");
  if (context_.unix_socket && fault(Fault::unix_end_is_reset)) return queue_lost(Cause::reset, "ended");
  if (!merged_.empty()) tell_data(std::exchange(merged_, {}));
  if (closing()) return;
  eof_told_ = true;
  bool keep_open = false;
  auto error = call("eof_received", [&] { keep_open = protocol_->eof_received(); });
  if (fault(Fault::data_after_end)) tell_garbage();
  if (error) {
    if (fault(Fault::end_error_keeps_open)) return;
    return queue_lost(Cause::error, *error);  // AS-207
  }
  if (closing()) {
    if (keep_open && fault(Fault::true_overrides_close) && phase_ == Phase::lost) phase_ = Phase::dead;
    return;
  }
  const bool kept = fault(Fault::eof_true_closes)        ? false
                    : fault(Fault::eof_false_keeps_open) ? true
                    : fault(Fault::both_ends_stay_open)  ? keep_open || eof_sent_
                    : stream_->secure() && !fault(Fault::tls_eof_true_keeps_open)
                        ? false  // AS-229: TLS has no half-close
                        : keep_open;
  if (fault(Fault::end_has_cause)) return queue_lost(Cause::error, "ended");
  if (!kept) close();
}

void Transport::broken(Io io) {
  Cause cause = io == Io::reset ? Cause::reset : io == Io::broken_pipe ? Cause::broken_pipe : Cause::error;
  if (phase_ == Phase::parting) cause = Cause::none;
  if (fault(Fault::reset_is_none)) cause = Cause::none;
  if (stream_->secure() && fault(Fault::tls_reset_is_none)) cause = Cause::none;
  if (context_.unix_socket && fault(Fault::unix_reset_is_end)) return end(false);
  if (fault(Fault::end_on_reset)) call("eof_received", [this] { protocol_->eof_received(); });
  queue_lost(cause, cause == Cause::none ? "" : "the peer is gone");
}

void Transport::pause_reading() {
  if (closing() || (reading_pauses_ > 0 && !fault(Fault::pauses_count))) return;
  ++reading_pauses_;
  if (fault(Fault::pause_pauses_all))
    for (const auto& other : context_.all) {
      other->reading_ = false;
      context_.loop.forget_readable(other->stream_->fd());
    }
  if (fault(Fault::pause_ignored)) return;
  reading_ = false;
  context_.loop.forget_readable(stream_->fd());
  if (fault(Fault::reset_seen_while_paused)) {
    // The mistake of a loop that polls what is paused: an empty set of events still tells of hang-ups.
    context_.loop.watch_hangup(stream_->fd(), [self = shared_from_this()] { self->broken(Io::reset); });
  }
}

void Transport::resume_reading() {
  if (closing() || reading_pauses_ == 0) return;
  --reading_pauses_;
  if (reading_pauses_ > 0) return;
  resumed_once_ = true;
  if (close_waits_) {
    close_waits_ = false;
    return close();
  }
  if (fault(Fault::end_twice_after_resume)) eof_told_ = false;
  begin_reading();
  if (fault(Fault::data_inside_resume) || fault(Fault::end_inside_resume)) read_ready_now();
}

/// What only mutants do: read from inside a call of the application.
void Transport::read_ready_now() {
  pollfd waiting{stream_->fd(), POLLIN, 0};
  if (inside_made_)
    ::poll(&waiting, 1, 2000);  // for the peer's first octets, so that the mutant always shows
  std::array<char, 4096> octets{};
  const IoResult result = stream_->read(octets.data(), octets.size());
  if (result.io == Io::done) tell_data({octets.data(), result.count});
  if (result.io == Io::end && fault(Fault::end_inside_resume)) end(false);
}

}  // namespace antiphon::conformance::reference
