#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "antiphon/http/date_cache.hpp"

namespace antiphon::bench {

/// What a bare server has to send on a connection, without I/O: an echo, or the least that gives the same
/// octets as the shared app. No router, no fields kept, no clocks.
class Answers {
 public:
  explicit Answers(http::DateCache& date) : date_(date) {}
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

  /// What is to be sent next, empty if nothing is; sent() tells how much of it was.
  [[nodiscard]] std::string_view pending() const noexcept;
  void sent(std::size_t count) noexcept;
  /// Copies what pending() borrows from the receive buffer.
  void keep();
  /// The connection ends when nothing is pending.
  [[nodiscard]] bool closing() const noexcept { return closing_; }

  // What a parser tells of a request.
  void target(std::string_view piece) { target_.append(piece); }
  void body(std::size_t octets) noexcept { upload_ += octets; }
  void complete(bool post, bool keep_alive);

 protected:
  /// The octets themselves go back; until keep() they must stay where they are.
  void echo(std::string_view octets);

 private:
  http::DateCache& date_;
  std::string_view borrowed_;  // of an echo: the received octets themselves
  std::string out_;            // answers; `out_sent_` octets of them are gone
  std::size_t out_sent_ = 0;
  std::uint64_t download_ = 0;  // octets of /bytes/{n} to send after out_
  std::uint64_t download_sent_ = 0;
  std::uint64_t upload_ = 0;  // octets received by /sink
  std::string target_;
  bool closing_ = false;
};

}  // namespace antiphon::bench
