#pragma once

#include <antiphon/flow_control.hpp>
#include <antiphon/tls/engine.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

#include "antiphon/asio_style/protocol.hpp"
#include "loop_core.hpp"
#include "receiver.hpp"
#include "ssl_state.hpp"
#include "ssl_transport.hpp"
#include "tls_settings.hpp"
#include "watcher.hpp"
#include "write_buffer.hpp"

namespace antiphon::asio_style::detail {

/// TLS between a lower transport and an application: a protocol to the one, a transport to the other.
///
/// Everything is encrypted at once and handed over unless the lower transport has paused us; only what then
/// waits here counts against the limits (AS-241). Where asyncio 3.11 is not followed, and why, is in
/// docs/asio_style_differences.md.
///
/// Lifetime: the lower transport owns it, then whoever holds the application's transport, which is a part of
/// it. It owns the application's protocol until that was told of the loss.
class SSLProtocol final : public BufferedProtocol,
                          public Watcher,
                          public std::enable_shared_from_this<SSLProtocol> {
 public:
  /// Told once how the handshake ended; null: well.
  using Handshaken = std::function<void(std::exception_ptr)>;

  /// `app` is told connection_made after the handshake, unless it was told before (`told_already`,
  /// start_tls). Throws ValueError for a time limit that is not positive (AS-226) and a host name that can't
  /// be, TypeError for a protocol that can't read streams.
  static std::shared_ptr<SSLProtocol> make(LoopCore& core, std::shared_ptr<BaseProtocol> app,
                                           const TlsSettings& settings, bool told_already,
                                           Handshaken handshaken);
  SSLProtocol(LoopCore& core, std::shared_ptr<BaseProtocol> app, const TlsSettings& settings,
              bool told_already, Handshaken handshaken);
  ~SSLProtocol() override;

  /// In place of the one that `make` was given, before the handshake.
  void when_shaken(Handshaken handshaken) { handshaken_ = std::move(handshaken); }

  [[nodiscard]] std::shared_ptr<Transport> app_transport() { return {shared_from_this(), &transport_}; }
  /// The application was told to pause writing by the transport below, before TLS came in between (I-9).
  void inherit_pause();

  // What the lower transport calls.
  void connection_made(std::shared_ptr<Transport> lower) override;
  void connection_lost(std::exception_ptr exc) override;
  void pause_writing() override { lower_paused_ = true; }
  void resume_writing() override;
  std::span<std::byte> get_buffer(std::ptrdiff_t sizehint) override;
  void buffer_updated(std::size_t nbytes) override;
  bool eof_received() override;

  // The loop's; there is no descriptor here.
  bool on_readable() override { return false; }
  void on_writable() override {}
  void loop_closed() override;

 private:
  friend class SSLTransport;

  void use(std::shared_ptr<BaseProtocol> app);
  void set_app_protocol(std::shared_ptr<BaseProtocol> app);

  // handshake
  void start_handshake();
  void shake_hands();
  void handshake_succeeded();
  void handshake_failed(std::exception_ptr exc);
  void finish_handshake(std::exception_ptr exc);

  // reading
  void advance();
  void deliver();
  tls::ReadStatus deliver_plain();
  tls::ReadStatus deliver_buffered();
  void discard();
  void tell_eof();
  void truncated();
  void read_failed();
  void control_lower_reading();
  void pause_reading();
  void resume_reading();
  [[nodiscard]] bool delivers() const noexcept { return permits(phase_).dr_er && !reading_paused_; }

  // writing
  [[nodiscard]] bool may_write(std::size_t size);
  void write(std::span<const std::span<const std::byte>> parts);
  void encrypt(std::span<const std::byte> plain);
  void encrypt_all(std::span<const std::span<const std::byte>> parts);
  void hand_over();
  void hand_over_and_check();
  [[nodiscard]] std::size_t write_buffer_size() const noexcept;
  void check_flow();
  void check_flow_at_close();
  void tell_flow(FlowSignal signal);
  void set_limits(std::optional<std::size_t> high, std::optional<std::size_t> low);

  // ends
  void close();
  void begin_close();
  void settle();
  void abort();
  void force_close(std::exception_ptr exc);
  void fatal(std::exception_ptr exc, const char* message);
  void tell_lost(const std::exception_ptr& cause);
  void shutdown_timed_out();
  void report(std::exception_ptr exc, const char* message);
  [[nodiscard]] bool peer_ended() const noexcept { return engine_->peer_closed() || lower_ended_; }

  LoopCore* core_;  // null once the loop has closed
  std::shared_ptr<tls::Engine> engine_;
  std::shared_ptr<BaseProtocol> app_;
  Receiver receiver_;  // app_ as what it is
  std::shared_ptr<Transport> lower_;
  CarriesTls* carrier_ = nullptr;  // lower_, too
  SSLTransport transport_{*this};
  Handshaken handshaken_;
  SSLContext context_;
  EventLoop::Duration handshake_timeout_;
  EventLoop::Duration shutdown_timeout_;
  TimerHandle timer_;                // of the handshake, then of the shutdown
  std::exception_ptr cause_;         // for connection_lost if the lower transport names none
  std::vector<std::byte> own_room_;  // receives octets where the loop's buffer is taken: TLS in TLS
  WriteBuffer backlog_;              // plain text written before the handshake was done
  WaterMarks marks_;
  std::uint32_t lost_writes_ = 0;
  TlsPhase phase_ = TlsPhase::unwrapped;
  bool app_told_;                // connection_made was called
  bool eof_told_ = false;        // eof_received was called
  bool reading_paused_ = false;  // by the application
  bool lower_reading_paused_ = false;
  bool lower_paused_ = false;  // the lower transport asked us not to write
  bool lower_ended_ = false;   // it told eof_received
};

}  // namespace antiphon::asio_style::detail
