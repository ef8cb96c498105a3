/// The sending half of SSLProtocol.

#include <algorithm>
#include <array>
#include <utility>

#include "antiphon/asio_style/errors.hpp"
#include "guarded_call.hpp"
#include "ssl_errors.hpp"
#include "ssl_protocol.hpp"

namespace antiphon::asio_style::detail {

namespace {

constexpr std::size_t outgoing_high_water = 512 * 1024;  // AS-238
constexpr std::size_t record_size = 16 * 1024;           // plain text of one TLS record
// asyncio's LOG_THRESHOLD_FOR_CONNLOST_WRITES, which TLS compares before it counts (AS-243).
constexpr std::uint32_t lost_writes_tolerated = 5;

}  // namespace

bool SSLProtocol::may_write(std::size_t size) {
  if (size == 0) return false;
  // The engine encrypts nothing more once the peer's octets have ended, even where that counts as an end.
  const bool cut_off = engine_->error() && engine_->error()->kind == tls::ErrorKind::truncated;
  if (permits(phase_).takes_writes && !cut_off) return true;
  if (lost_writes_++ >= lost_writes_tolerated && core_ != nullptr) {
    core_->loop().log(LogLevel::warning, "SSL connection is closed");
  }
  return false;
}

void SSLProtocol::write(std::span<const std::span<const std::byte>> parts) {
  std::size_t total = 0;
  for (const auto& part : parts) total += part.size();
  if (!may_write(total)) return;
  if (phase_ == TlsPhase::wrapped) {
    encrypt_all(parts);
    hand_over_and_check();
  } else {
    for (const auto& part : parts) backlog_.append(*core_, part);  // sent after the handshake
  }
}

void SSLProtocol::encrypt(std::span<const std::byte> plain) {
  if (engine_->output().empty()) engine_->lend_output(core_->lend_buffer());
  if (engine_->write(plain)) return;
  if (engine_->error()) fatal(make_ssl_error(*engine_->error()), "Fatal error on SSL protocol");
}

/// Small parts go into one record: each record costs 22 octets and an authentication.
void SSLProtocol::encrypt_all(std::span<const std::span<const std::byte>> parts) {
  if (parts.size() == 1) return encrypt(parts.front());
  std::array<std::byte, record_size> record;
  std::size_t filled = 0;
  const auto flush = [&] {
    if (filled > 0) encrypt(std::span(record).first(std::exchange(filled, 0)));
  };
  for (auto part : parts) {
    if (part.size() >= record_size) {
      flush();
      encrypt(part);
      continue;
    }
    if (filled + part.size() > record_size) flush();
    std::copy(part.begin(), part.end(), record.begin() + static_cast<std::ptrdiff_t>(filled));
    filled += part.size();
  }
  flush();
}

/// Gives the lower transport what waits, in one write, unless it paused us (AS-241).
void SSLProtocol::hand_over() {
  if (lower_paused_ || lower_ == nullptr || engine_->output().empty()) return;
  auto octets = engine_->take_output();
  lower_->write(std::span<const std::byte>(octets));
  core_->give_back(std::move(octets));
}

/// asyncio's _process_outgoing: each is one flow check, whether or not something was handed over.
void SSLProtocol::hand_over_and_check() {
  hand_over();
  check_flow();
}

void SSLProtocol::resume_writing() {
  lower_paused_ = false;
  if (phase_ == TlsPhase::ended || core_ == nullptr) return;
  hand_over_and_check();
  settle();
}

std::size_t SSLProtocol::write_buffer_size() const noexcept {
  return backlog_.size() + engine_->output().size();
}

/// Pauses at the high mark, not only above it (AS-239). So with a high mark of 0 an empty buffer pauses, and
/// the next check resumes it (AS-240).
void SSLProtocol::check_flow() {
  if (phase_ == TlsPhase::ended) return;
  const std::size_t size = write_buffer_size();
  tell_flow(marks_.paused() ? marks_.removed(size) : marks_.added(size + 1));
}

void SSLProtocol::set_limits(std::optional<std::size_t> high, std::optional<std::size_t> low) {
  if (!high && !low) high = outgoing_high_water;
  try {
    static_cast<void>(marks_.set(high, low, 0));  // check_flow says what it comes to
  } catch (const std::invalid_argument& wrong) {
    throw ValueError(wrong.what());
  }
  check_flow();
}

void SSLProtocol::tell_flow(FlowSignal signal) {
  if (signal == FlowSignal::none || !app_ || !app_told_) return;
  const bool pause = signal == FlowSignal::pause;
  guarded_call(
      [&] {
        if (pause) {
          app_->pause_writing();
        } else {
          app_->resume_writing();
        }
      },
      [&](std::exception_ptr exc) {
        report(std::move(exc),
               pause ? "protocol.pause_writing() failed" : "protocol.resume_writing() failed");
      });
}

}  // namespace antiphon::asio_style::detail
