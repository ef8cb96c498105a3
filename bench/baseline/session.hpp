#pragma once

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "antiphon/http/date_cache.hpp"
#include "server.hpp"

namespace antiphon::bench {

/// What a bare server does with a connection's octets, without I/O: echoes them, or is the least that answers
/// by HTTP with llhttp and the same octets as the shared app. No router, no fields kept, no limits, no
/// clocks.
class Session {
 public:
  Session(Service service, http::DateCache& date);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Takes what was received; false if it is not HTTP. Until keep(), the octets must stay where they are.
  bool feed(std::string_view octets);
  /// What is to be sent next, empty if nothing is; sent() tells how much of it was.
  [[nodiscard]] std::string_view pending() const noexcept;
  void sent(std::size_t count) noexcept;
  /// Copies what pending() borrows from the receive buffer.
  void keep();
  /// The connection ends when nothing is pending.
  [[nodiscard]] bool closing() const noexcept { return closing_; }

 private:
  static const llhttp_settings_t& settings();
  void complete();

  http::DateCache& date_;
  std::string_view borrowed_;  // of an echo: the received octets themselves
  std::string out_;            // answers; `out_sent_` octets of them are gone
  std::size_t out_sent_ = 0;
  std::uint64_t download_ = 0;       // octets of /bytes/{n} to send after out_
  std::uint64_t download_sent_ = 0;
  std::uint64_t upload_ = 0;         // octets received by /sink
  std::string target_;
  llhttp_t parser_{};
  Service service_;
  bool closing_ = false;
};

/// Octets offered to one read: what the style on the same library offers.
inline constexpr std::size_t read_size_asio = 262144;
inline constexpr std::size_t read_size = 65536;

}  // namespace antiphon::bench
