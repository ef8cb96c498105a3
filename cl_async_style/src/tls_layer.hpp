#pragma once

#include <memory>
#include <string>

#include "antiphon/cl_async_style/socket.hpp"
#include "antiphon/tls/engine.hpp"

namespace antiphon::cl_async_style {

/// What the connections of a listener share, and what a client has.
struct tls_settings {
  tls::Context context;
  std::string server_name;  // clients
  socket_callback handshake_cb;
};

/// TLS beneath a stream: what the handle brings goes through the engine before it is delivered, and what was
/// gathered goes through it before the handle gets it.
struct tls_layer {
  explicit tls_layer(std::shared_ptr<const tls_settings> with)
      : settings(std::move(with)), engine(settings->context, settings->server_name) {}

  /// The handshake is under way: plain text waits (CL-243).
  [[nodiscard]] bool shaking() const noexcept { return !broken && !engine.handshake_done(); }
  [[nodiscard]] bool has_output() const noexcept { return !engine.output().empty(); }
  /// Encrypts what was gathered, and adds it and whatever else the engine has for the peer to `to`.
  void seal(std::string& to) {
    if (!shaking()) {
      engine.write(std::as_bytes(std::span(gathered)));
      gathered.clear();
    }
    const auto sealed = engine.take_output();
    to.append(reinterpret_cast<const char*>(sealed.data()), sealed.size());
  }

  std::shared_ptr<const tls_settings> settings;
  tls::Engine engine;
  std::string gathered;  // plain text
  bool broken = false;   // the application was told
};

}  // namespace antiphon::cl_async_style
