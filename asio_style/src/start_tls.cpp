#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "antiphon/asio_style/event_loop.hpp"
#include "carries_tls.hpp"
#include "flow_controlled.hpp"
#include "loop_core.hpp"
#include "ssl_protocol.hpp"
#include "tls_settings.hpp"

namespace antiphon::asio_style {

namespace {

Task<std::shared_ptr<Transport>> upgrade(EventLoop& loop, std::shared_ptr<Transport> transport,
                                         std::shared_ptr<BaseProtocol> protocol, SSLContext context,
                                         StartTlsOptions options) {
  if (dynamic_cast<detail::CarriesTls*>(transport.get()) == nullptr) {
    throw TypeError("transport " + std::string(transport ? "<object object>" : "None") +
                    " is not supported by start_tls()");  // AS-248
  }
  const auto settings =
      detail::make_tls_settings(context, options.server_side, options.server_hostname.value_or(""),
                                options.ssl_handshake_timeout, options.ssl_shutdown_timeout);
  const Future<> shaken(loop);
  const auto layer = detail::SSLProtocol::make(
      loop.core(), std::move(protocol), settings, true, [shaken](std::exception_ptr exc) {
        if (shaken.done()) return;
        exc ? shaken.set_exception(std::move(exc)) : shaken.set_result();
      });
  const auto* flow = dynamic_cast<const detail::FlowControlled*>(transport.get());
  if (flow != nullptr && flow->protocol_paused()) layer->inherit_pause();
  // Nothing may come in before connection_made has begun the handshake (AS-249).
  transport->pause_reading();
  transport->set_protocol(layer);
  auto begin = loop.call_soon([layer, transport] { layer->connection_made(transport); });
  auto resume = loop.call_soon([transport] { transport->resume_reading(); });
  try {
    co_await shaken;
  } catch (...) {
    transport->close();
    begin.cancel();
    resume.cancel();
    throw;
  }
  co_return layer->app_transport();
}

}  // namespace

Task<std::shared_ptr<Transport>> EventLoop::start_tls(std::shared_ptr<Transport> transport,
                                                      std::shared_ptr<BaseProtocol> protocol,
                                                      SSLContext sslcontext, StartTlsOptions options) {
  return upgrade(*this, std::move(transport), std::move(protocol), std::move(sslcontext), std::move(options));
}

}  // namespace antiphon::asio_style
