/// The receiving half of SSLProtocol.

#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "guarded_call.hpp"
#include "ssl_errors.hpp"
#include "ssl_protocol.hpp"

namespace antiphon::asio_style::detail {

namespace {

constexpr const char* ssl_error = "Fatal error on SSL protocol";  // AS-246
// AS-242: so much cipher text is kept for an application that does not read.
constexpr std::size_t incoming_high_water = 256 * 1024;
constexpr std::size_t incoming_low_water = incoming_high_water / 4;
constexpr std::size_t own_room_size = 64 * 1024;

}  // namespace

std::span<std::byte> SSLProtocol::get_buffer(std::ptrdiff_t /*sizehint*/) {
  if (carrier_ == nullptr || carrier_->reads_from_socket()) return core_->receive_buffer();
  // TLS in TLS: the cipher text of the layer below is in the loop's buffer.
  own_room_.resize(own_room_size);
  return own_room_;
}

void SSLProtocol::buffer_updated(std::size_t nbytes) {
  const auto loan = engine_->lend(get_buffer(-1).first(nbytes));
  advance();
}

/// Goes on with what was received, whatever the phase wants of it.
void SSLProtocol::advance() {
  switch (phase_) {
    case TlsPhase::handshake:
      return shake_hands();
    case TlsPhase::wrapped:
      return deliver();
    case TlsPhase::flushing:
    case TlsPhase::shutdown:
      return discard();
    case TlsPhase::unwrapped:
    case TlsPhase::ended:
      return;
  }
}

bool SSLProtocol::eof_received() {
  if (phase_ == TlsPhase::ended) return false;
  lower_ended_ = true;
  engine_->receive_eof();
  if (phase_ == TlsPhase::handshake) {
    handshake_failed(std::make_exception_ptr(
        ConnectionResetError("Connection closed by the peer during the SSL handshake")));
    return false;
  }
  advance();
  // What waits is sent first; settle closes the transport. Under TLS in TLS the layer below closes itself.
  return carrier_->reads_from_socket();
}

// ---- delivery

void SSLProtocol::deliver() {
  if (!delivers()) return control_lower_reading();
  auto status = tls::ReadStatus::data;
  while (status == tls::ReadStatus::data && delivers()) {
    status = receiver_.plain != nullptr ? deliver_plain() : deliver_buffered();
  }
  if (delivers() && status == tls::ReadStatus::failed) return read_failed();
  const bool closed = delivers() && status == tls::ReadStatus::closed;
  if (closed) {
    tell_eof();  // AS-228
    if (phase_ == TlsPhase::wrapped) begin_close();
    check_flow_at_close();
  }
  if (phase_ == TlsPhase::ended) return;
  hand_over_and_check();
  control_lower_reading();
  if (closed) settle();
}

/// Everything that is there, in one call if it fits (AS-096). `data`: there may be more.
tls::ReadStatus SSLProtocol::deliver_plain() {
  const auto room = core_->plain_buffer();
  std::size_t size = 0;
  tls::ReadResult read;
  do {
    read = engine_->read(room.subspan(size));
    size += read.size;
  } while (read.status == tls::ReadStatus::data && size < room.size());
  if (size > 0) {
    guarded_call([&] { receiver_.plain->data_received(room.first(size)); },
                 [&](std::exception_ptr exc) { fatal(std::move(exc), ssl_error); });
  }
  return read.status;
}

tls::ReadStatus SSLProtocol::deliver_buffered() {
  auto read = tls::ReadResult{engine_->peer_closed() ? tls::ReadStatus::closed : tls::ReadStatus::need_more};
  const std::size_t waiting = engine_->unread_octets();
  if (waiting == 0 && !lower_ended_) return read.status;  // nothing that a buffer could be needed for
  std::span<std::byte> room;
  const bool given = guarded_call(
      [&] {
        room = receiver_.buffered->get_buffer(static_cast<std::ptrdiff_t>(waiting));
        if (room.empty()) throw RuntimeError("get_buffer() returned an empty buffer");
      },
      [&](std::exception_ptr exc) { fatal(std::move(exc), ssl_error); });
  if (!given || !delivers()) return tls::ReadStatus::need_more;
  if (receiver_.buffered == nullptr) return tls::ReadStatus::data;  // it set a plain protocol, which is next
  std::size_t size = 0;
  do {
    read = engine_->read(room.subspan(size));
    size += read.size;
  } while (read.status == tls::ReadStatus::data && size < room.size());
  if (size > 0) {
    guarded_call([&] { receiver_.buffered->buffer_updated(size); },
                 [&](std::exception_ptr exc) { fatal(std::move(exc), ssl_error); });
  }
  return read.status;
}

void SSLProtocol::tell_eof() {
  if (!app_ || std::exchange(eof_told_, true)) return;
  guarded_call(
      [&] {
        const bool keep_open =
            receiver_.plain != nullptr ? receiver_.plain->eof_received() : receiver_.buffered->eof_received();
        if (keep_open) {  // AS-229
          core_->loop().log(LogLevel::warning,
                            "returning true from eof_received() has no effect when using ssl");
        }
      },
      [&](std::exception_ptr exc) { fatal(std::move(exc), "Error calling eof_received()"); });
}

void SSLProtocol::read_failed() {
  if (engine_->error()->kind == tls::ErrorKind::truncated) return truncated();
  hand_over();  // the alert
  fatal(make_ssl_error(*engine_->error()), ssl_error);
}

/// The peer's octets ended without close_notify: somebody may have cut them off. So no eof_received, and
/// connection_lost says it, unless the context lets it count as an end (AS-230). What was written before is
/// still sent: the peer may listen.
void SSLProtocol::truncated() {
  if (context_.ignore_unexpected_eof()) {
    check_flow_at_close();
    if (phase_ == TlsPhase::wrapped) tell_eof();
    if (phase_ != TlsPhase::wrapped) return settle();
  } else {
    cause_ = make_ssl_error(*engine_->error());
  }
  begin_close();
  settle();
}

/// After our close: nobody wants the text any more, only the end of it (AS-234 as uvloop has it).
void SSLProtocol::discard() {
  const auto room = core_->plain_buffer();
  tls::ReadStatus status = tls::ReadStatus::data;
  while (status == tls::ReadStatus::data) status = engine_->read(room).status;
  const bool broken =
      status == tls::ReadStatus::failed && engine_->error()->kind != tls::ErrorKind::truncated;
  if (broken) return read_failed();
  hand_over_and_check();
  control_lower_reading();
  settle();
}

// ---- pausing

void SSLProtocol::pause_reading() {
  if (permits(phase_).is_closing) return;
  reading_paused_ = true;
}

void SSLProtocol::resume_reading() {
  if (permits(phase_).is_closing || !std::exchange(reading_paused_, false)) return;
  core_->call_soon([self = shared_from_this()] { self->advance(); }, "resume_reading");
}

void SSLProtocol::control_lower_reading() {
  if (lower_ == nullptr) return;
  const std::size_t waiting = permits(phase_).is_closing ? 0 : engine_->unread_octets();
  if (waiting >= incoming_high_water && !lower_reading_paused_) {
    lower_reading_paused_ = true;
    lower_->pause_reading();
  } else if (waiting <= incoming_low_water && lower_reading_paused_) {
    lower_reading_paused_ = false;
    lower_->resume_reading();
  }
}

}  // namespace antiphon::asio_style::detail
