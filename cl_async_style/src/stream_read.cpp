// What the peer sends: from libuv's callback to read_cb, and the end of it.

#include "stream.hpp"

namespace antiphon::cl_async_style {

void stream::set_reading(bool on) {
  const bool was = reading_;
  reading_ = on;
  if (life_ != state::open || was == on) return;
  if (on) {
    read_start();
    if (tls_) resume_sealed();
  } else if (!shaking()) {
    uv_read_stop(uv());
  }
}

void stream::read_start() {
  uv_read_start(
      uv(),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        const std::span<char> room = static_cast<stream*>(handle->data)->in().input();
        *buffer = uv_buf_init(room.data(), static_cast<unsigned>(room.size()));
      },
      [](uv_stream_t* handle, ssize_t count, const uv_buf_t* buffer) {
        stream& which = *static_cast<stream*>(handle->data);
        which.in().polled();
        which.read(count, buffer->base);
      });
}

void stream::read(ssize_t count, const char* octets) {
  if (count < 0) {
    end_of_octets(static_cast<int>(count));
    return;
  }
  const auto came = std::as_bytes(std::span(octets, static_cast<std::size_t>(count)));
  if (life_ == state::open) {
    // Nothing came: libuv says so after a read that filled the buffer (CL-142).
    if (count == 0 && !in().upstream_quirks()) return;
    if (timeouts_) timeouts_->last_read = uv_now(in().uv());
    if (tls_)
      read_sealed(came);
    else
      deliver_octets(came);
  } else if (life_ == state::draining && shaking() && count > 0) {
    read_sealed(came);  // something waits for the handshake
  }
}

void stream::end_of_octets(int status) {
  if (life_ == state::draining) {
    if (shaking() && requests_.gathered > 0) {  // it will never be sent
      fail(status == UV_EOF ? UV_EPIPE : status);
    } else if (status == UV_EOF) {
      step(input::ended);
    } else if (requests_.in_flight == 0) {  // nobody waits for anything any more
      abort();
    } else {
      --requests_.in_flight;  // its end is told now, not as streamish-canceled (CL-127)
      fail(status);
    }
  } else if (status != UV_EOF) {
    fail(status);
  } else if (tls_) {
    end_of_sealed();
  } else {
    end_of_input();
  }
}

void stream::end_of_input() {
  step(input::ended);
  // Upstream drops what is not sent yet (CL-146); here it is still sent.
  if (!settings_.allow_half_open) close(false);
}

void stream::deliver_octets(std::span<const std::byte> octets) {
  if (!async_) {
    if (callbacks_->read_cb) guard([&] { callbacks_->read_cb(*this, octets); });
    return;
  }
  if (!callbacks_->stream_read_cb) return;  // CL-188
  async_->append(octets);
  guard([&] { callbacks_->stream_read_cb(*this, *async_); });
  if (!settings_.keep_input) async_->clear_input();
}

}  // namespace antiphon::cl_async_style
