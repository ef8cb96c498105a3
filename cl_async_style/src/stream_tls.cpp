// A socket with TLS beneath: how its handle's octets become the application's and when the two sides say
// goodbye. What is written is sealed in stream_core.hpp.

#include <utility>

#include "antiphon/cl_async_style/ssl.hpp"
#include "stream.hpp"

namespace antiphon::cl_async_style {

const tls::Engine* ssl_engine(const socket& of) noexcept {
  return static_cast<const stream&>(of).engine();
}

void stream::read_sealed(std::span<const std::byte> octets) {
  const auto keep = self();
  {
    const tls::Engine::Loan loan = tls_->engine.lend(octets);
    if (shake_hands()) open_sealed();
  }
  after_reading_sealed();
}

/// What the engine has for the peer, and what waited for the handshake.
void stream::after_reading_sealed() {
  if (!stream_life::is_connected(life_)) return;
  in().guard({}, [this] { flush(); });
  go_on_ending();
}

/// Makes a client's hello.
void stream::start_shaking() {
  if (!tls_) return;
  shake_hands();
  if (tls_->broken) after_reading_sealed();  // it could not
}

/// True when the handshake is done.
bool stream::shake_hands() {
  if (!tls_->shaking()) return !tls_->broken;
  switch (tls_->engine.handshake()) {
    case tls::HandshakeStatus::need_more:
      return false;
    case tls::HandshakeStatus::failed:
      tls_failed();
      return false;
    case tls::HandshakeStatus::done:
      break;
  }
  if (life_ != state::open) return true;
  if (!reading_) uv_read_stop(uv());  // it was read for the handshake only
  if (const socket_callback& told = tls_->settings->handshake_cb) guard([&] { told(*this); });
  return true;
}

/// Delivers record by record (CL-249) for as long as the application wants any.
void stream::open_sealed() {
  while (life_ == state::open && reading_) {
    const std::span<std::byte> opened = in().opened();
    const tls::ReadResult result = tls_->engine.read(opened);
    switch (result.status) {
      case tls::ReadStatus::data:
        deliver_octets(opened.first(result.size));
        break;
      case tls::ReadStatus::need_more:
        return;
      case tls::ReadStatus::closed:
        if (!in().upstream_quirks()) end_of_input();  // CL-246: upstream waits for the end of TCP
        return;
      case tls::ReadStatus::failed:
        tls_failed();
        return;
    }
  }
}

/// Reading was enabled again: what the engine holds is delivered first.
void stream::resume_sealed() {
  if (tls_->engine.unread_octets() == 0) return;
  in().next_tick(
      [this] {
        if (life_ != state::open || !shake_hands()) return;
        open_sealed();
        after_reading_sealed();
      },
      self());
}

/// The octets have ended without a close_notify before. Before the handshake was done there is nothing that
/// could be missing (CL-242).
void stream::end_of_sealed() {
  if (tls_->shaking() || in().upstream_quirks()) {
    end_of_input();
    return;
  }
  tls_->engine.receive_eof();
  open_sealed();
  after_reading_sealed();
}

/// An error of TLS ends the connection (CL-244): what was not sealed yet cannot be sent; the alert is.
void stream::tls_failed() {
  if (std::exchange(tls_->broken, true)) return;
  const tls::Error error = tls_->engine.error().value_or(tls::Error{});
  const bool truncated = error.kind == tls::ErrorKind::truncated;
  cause_ =
      detail::condition_factory::make<tcp_ssl_error>(self(), truncated ? UV_EOF : UV_EPROTO, error.message());
  deliver(cause_);
  tls_->gathered.clear();
  queue_.drop_requests();
  step(truncated ? input::abort : input::tls_broken);
}

/// False when there is nothing to say; else it is on its way, and end_sending is called again when it has
/// left.
bool stream::say_goodbye() {
  if (!tls_ || tls_->broken || tls_->shaking() || tls_->engine.close_sent()) return false;
  if (in().upstream_quirks()) return false;  // CL-246: upstream's never leaves
  tls_->engine.close();
  if (!tls_->has_output()) return false;
  flush();
  return true;
}

}  // namespace antiphon::cl_async_style
