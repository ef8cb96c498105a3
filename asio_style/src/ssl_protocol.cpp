/// The handshake and the ends of a TLS connection; reading and writing have files of their own.

#include "ssl_protocol.hpp"

#include <limits>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "guarded_call.hpp"
#include "is_os_error.hpp"
#include "ssl_errors.hpp"

namespace antiphon::asio_style::detail {

namespace {

std::shared_ptr<tls::Engine> make_engine(const TlsSettings& settings) {
  try {
    return std::make_shared<tls::Engine>(settings.context.native(), settings.server_hostname);
  } catch (const std::invalid_argument& wrong) {
    throw ValueError(wrong.what());
  }
}

}  // namespace

// ---- life

std::shared_ptr<SSLProtocol> SSLProtocol::make(LoopCore& core, std::shared_ptr<BaseProtocol> app,
                                               const TlsSettings& settings, bool told_already,
                                               Handshaken handshaken) {
  check_time_limits(settings);
  return std::make_shared<SSLProtocol>(core, std::move(app), settings, told_already, std::move(handshaken));
}

SSLProtocol::SSLProtocol(LoopCore& core, std::shared_ptr<BaseProtocol> app, const TlsSettings& settings,
                         bool told_already, Handshaken handshaken)
    : core_(&core),
      engine_(make_engine(settings)),
      handshaken_(std::move(handshaken)),
      context_(settings.context),
      handshake_timeout_(settings.handshake_timeout),
      shutdown_timeout_(settings.shutdown_timeout),
      app_told_(told_already) {
  use(std::move(app));
  set_limits(std::nullopt, std::nullopt);
  core_->watchers().join(*this);
}

SSLProtocol::~SSLProtocol() {
  timer_.cancel();
  if (core_ != nullptr) core_->watchers().leave(*this);
}

void SSLProtocol::use(std::shared_ptr<BaseProtocol> app) {
  receiver_ = receiver_of(app.get());
  app_ = std::move(app);
}

void SSLProtocol::set_app_protocol(std::shared_ptr<BaseProtocol> app) {
  if (!app_ || core_ == nullptr) return;
  auto replaced = app_;
  use(std::move(app));
  // A callback of the old one may be what called us: it must not die under its own feet.
  core_->call_soon([replaced = std::move(replaced)] {}, "set_protocol");
}

void SSLProtocol::connection_made(std::shared_ptr<Transport> lower) {
  if (phase_ != TlsPhase::unwrapped) return lower->abort();  // closed or lost before it began
  lower_ = std::move(lower);
  carrier_ = dynamic_cast<CarriesTls*>(lower_.get());
  start_handshake();
}

void SSLProtocol::connection_lost(std::exception_ptr exc) {
  phase_ = next(phase_, TlsStep::drop);
  timer_.cancel();
  backlog_.release(*core_);
  if (auto unsent = engine_->take_output(); unsent.capacity() > 0) core_->give_back(std::move(unsent));
  ++lost_writes_;
  if (!exc) exc = cause_;
  cause_ = nullptr;
  if (app_told_ && app_) {
    // One turn later than on a plain transport (AS-245).
    core_->call_soon([self = shared_from_this(), exc] { self->tell_lost(exc); }, "connection_lost");
  } else {
    const auto app = std::exchange(app_, nullptr);  // it never knew of the connection (AS-224)
    receiver_ = {};
  }
  finish_handshake(exc ? exc : std::make_exception_ptr(ConnectionAbortedError("Connection is closed")));
}

void SSLProtocol::tell_lost(const std::exception_ptr& cause) {
  // Also if it throws: the application's protocol goes, which ends the circle of it and its transport.
  receiver_ = {};
  const auto app = std::exchange(app_, nullptr);
  if (app) app->connection_lost(cause);
}

void SSLProtocol::loop_closed() {
  timer_.cancel();
  backlog_.release(*core_);
  core_ = nullptr;
  phase_ = TlsPhase::ended;
  receiver_ = {};
  const auto handshaken = std::exchange(handshaken_, nullptr);
  const auto lower = std::exchange(lower_, nullptr);
  const auto app = std::exchange(app_, nullptr);
  carrier_ = nullptr;
}

void SSLProtocol::report(std::exception_ptr exc, const char* message) {
  ExceptionContext context;
  context.message = message;
  context.exception = std::move(exc);
  context.transport = app_transport();
  context.protocol = app_;
  core_->loop().call_exception_handler(context);
}

void SSLProtocol::inherit_pause() {
  lower_paused_ = true;
  static_cast<void>(marks_.added(std::numeric_limits<std::size_t>::max()));  // it was told already
}

// ---- handshake

void SSLProtocol::start_handshake() {
  phase_ = next(phase_, TlsStep::begin);
  timer_ = core_->loop().call_later(handshake_timeout_, [this] {
    // Whoever waits for the handshake is told by the loss, a turn later than of another failure.
    force_close(std::make_exception_ptr(
        ConnectionAbortedError("SSL handshake is taking longer than " + seconds_text(handshake_timeout_) +
                               " seconds: aborting the connection")));  // AS-225, AS-253
  });
  shake_hands();
}

void SSLProtocol::shake_hands() {
  switch (engine_->handshake()) {
    case tls::HandshakeStatus::need_more:
      return hand_over();
    case tls::HandshakeStatus::failed:
      hand_over();  // the alert: the peer wants to know why
      return handshake_failed(make_ssl_error(*engine_->error()));
    case tls::HandshakeStatus::done:
      return handshake_succeeded();
  }
}

void SSLProtocol::handshake_succeeded() {
  phase_ = next(phase_, TlsStep::shaken);
  timer_.cancel();
  if (!std::exchange(app_told_, true)) {
    // Unlike on a plain transport what it throws is fatal, in the words of the transport below (AS-247).
    const bool told =
        guarded_call([&] { app_->connection_made(app_transport()); },
                     [&](std::exception_ptr exc) {
                       fatal(std::move(exc), "Fatal error: protocol.buffer_updated() call failed.");
                     });
    if (!told) return;
  }
  if (!backlog_.empty() && permits(phase_).takes_writes) {
    encrypt(backlog_.bytes());
    backlog_.release(*core_);
  }
  finish_handshake(nullptr);
  deliver();
  hand_over();
}

void SSLProtocol::handshake_failed(std::exception_ptr exc) {
  if (phase_ != TlsPhase::handshake) return;
  force_close(exc);
  finish_handshake(std::move(exc));
}

void SSLProtocol::finish_handshake(std::exception_ptr exc) {
  if (const auto handshaken = std::exchange(handshaken_, nullptr)) handshaken(std::move(exc));
}

// ---- ends

/// Says close_notify; the rest comes when it is sent and answered (AS-232). A second call finds another phase
/// and does nothing (AS-244).
void SSLProtocol::close() {
  if (permits(phase_).is_closing) return;
  if (phase_ != TlsPhase::wrapped) return abort();
  begin_close();
  check_flow_at_close();
  // What came already, and is not delivered any more, may hold the answer. Not from inside a method (AS-102).
  if (engine_->unread_octets() > 0 || peer_ended()) {
    core_->call_soon([self = shared_from_this()] { self->advance(); }, "close");
  }
}

void SSLProtocol::begin_close() {
  phase_ = next(phase_, TlsStep::close);
  timer_ = core_->loop().call_later(shutdown_timeout_, [this] { shutdown_timed_out(); });
  engine_->close();
  hand_over();
  control_lower_reading();
}

/// asyncio's flow checks at a close: it reads once more, if it may, and then it shuts down.
void SSLProtocol::check_flow_at_close() {
  if (!reading_paused_) check_flow();
  check_flow();
}

/// Looks whether the close has got on. Only from the loop: it may call eof_received.
void SSLProtocol::settle() {
  if (phase_ == TlsPhase::flushing && engine_->output().empty()) phase_ = next(phase_, TlsStep::handed);
  if (phase_ != TlsPhase::shutdown || !peer_ended()) return;
  // AS-233; a mere end answers, too, where the context lets it count as one (AS-230).
  if (engine_->peer_closed() || context_.ignore_unexpected_eof()) tell_eof();
  if (phase_ != TlsPhase::shutdown) return;  // it aborted, or threw
  phase_ = next(phase_, TlsStep::answered);
  timer_.cancel();
  core_->call_soon([lower = lower_] { lower->close(); }, "close");
}

void SSLProtocol::abort() {
  phase_ = next(phase_, TlsStep::drop);
  timer_.cancel();
  if (lower_ != nullptr) lower_->abort();
}

void SSLProtocol::force_close(std::exception_ptr exc) {
  if (phase_ == TlsPhase::ended || carrier_ == nullptr) return;
  phase_ = next(phase_, TlsStep::drop);
  timer_.cancel();
  carrier_->force_close(std::move(exc));
}

void SSLProtocol::fatal(std::exception_ptr exc, const char* message) {
  if (phase_ == TlsPhase::ended) return;
  if (!is_os_error(exc)) {
    report(exc, message);
  } else if (core_->debug) {
    core_->loop().log(LogLevel::debug, std::string(message) + ": " + describe(exc));
  }
  force_close(std::move(exc));
}

void SSLProtocol::shutdown_timed_out() {
  force_close(std::make_exception_ptr(TimeoutError("SSL shutdown timed out")));  // AS-235
}

}  // namespace antiphon::asio_style::detail
