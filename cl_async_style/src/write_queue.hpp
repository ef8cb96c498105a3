#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace antiphon::cl_async_style {

/// What a socket is to send, between the application's call and the kernel: no libuv, no descriptor.
///
/// Octets are gathered to the end of the tick, then go together (CL-102); while some are in flight, the rest
/// waits behind them. Beside the octets go cl-async's write requests, of which write_cb (CL-108, CL-109) and
/// streamish_canceled (CL-118) are told: the octets of several may go in one piece, and one may have none
/// (CL-116).
class write_queue {
 public:
  /// What asks for a request once in a tick, however many writes it makes (CL-108).
  enum class kind { plain, with_callbacks };

  // What is gathered
  [[nodiscard]] std::string& gathered() noexcept { return gathered_; }
  [[nodiscard]] const std::string& gathered() const noexcept { return gathered_; }
  /// A request of its own: a forced write (CL-103), or what a new connection finds (CL-110).
  void ask() noexcept { ++requests_; }
  void ask_once_in_tick(kind what) noexcept {
    if (!std::exchange(what == kind::plain ? plain_ : with_callbacks_, true)) ++requests_;
  }
  /// What the tick has gathered, behind what waits for a flight to land. With upstream_quirks a forced write
  /// goes between the two (CL-103).
  struct aside {
    std::string octets;
    unsigned requests = 0;
    bool plain = false;
    bool with_callbacks = false;
  };
  [[nodiscard]] aside set_aside() {
    aside what{gathered_.substr(handed_octets_), requests_ - handed_, std::exchange(plain_, false),
               std::exchange(with_callbacks_, false)};
    gathered_.resize(handed_octets_);
    requests_ = handed_;
    return what;
  }
  void put_back(const aside& what) {
    gathered_ += what.octets;
    requests_ += what.requests;
    plain_ = what.plain;
    with_callbacks_ = what.with_callbacks;
  }
  void tick_is_over() noexcept { plain_ = with_callbacks_ = false; }
  /// The kernel has taken octets before their tick; until then they count as if they were here (CL-117).
  void went_early(std::size_t octets) noexcept { early_ += octets; }
  void early_ones_are_due() noexcept { early_ = 0; }

  // From here to the kernel
  [[nodiscard]] unsigned requests() const noexcept { return requests_; }
  [[nodiscard]] unsigned take_requests() noexcept {
    handed_ = 0;
    handed_octets_ = 0;
    plain_ = with_callbacks_ = false;
    return std::exchange(requests_, 0);
  }
  /// Their tick has come, but others are in flight: upstream's are libuv's by now.
  void wait_behind_flight() noexcept {
    handed_ = requests_;
    handed_octets_ = gathered_.size();
  }
  [[nodiscard]] bool waits_behind_flight() const noexcept { return handed_ > 0; }
  /// All but the first `taken` octets go into flight, for so many requests.
  [[nodiscard]] std::string_view put_in_flight(std::size_t taken, unsigned requests) noexcept {
    std::swap(in_flight_, gathered_);
    flying_requests_ = requests;
    flying_ = true;
    return std::string_view(in_flight_).substr(taken);
  }
  void never_flew() noexcept { flying_ = false; }
  [[nodiscard]] bool flying() const noexcept { return flying_; }
  /// All octets have left; the requests that they were for.
  [[nodiscard]] unsigned landed() noexcept {
    flying_ = false;
    return std::exchange(flying_requests_, 0);
  }
  [[nodiscard]] std::string& landed_octets() noexcept { return in_flight_; }
  [[nodiscard]] unsigned flying_requests() const noexcept { return flying_requests_; }
  /// One of them is told of otherwise.
  void tell_one_less() noexcept { --flying_requests_; }
  /// Those that were handed over behind the flight that failed.
  [[nodiscard]] unsigned take_handed() noexcept { return std::exchange(handed_, 0); }

  // What is left
  [[nodiscard]] bool nothing_gathered() const noexcept { return gathered_.empty() && early_ == 0; }
  /// In octets, without those in flight.
  [[nodiscard]] std::size_t size() const noexcept { return gathered_.size() + early_; }
  void drop_octets() noexcept {
    gathered_.clear();
    handed_octets_ = 0;
    early_ = 0;
  }
  void drop_requests() noexcept { requests_ = handed_ = 0; }

 private:
  std::string gathered_;   // of this tick, or waiting for those in flight
  std::string in_flight_;  // must stay where it is while flying_
  std::size_t early_ = 0;
  unsigned requests_ = 0;  // of what is gathered
  unsigned handed_ = 0;    // those of them whose tick has come
  std::size_t handed_octets_ = 0;
  unsigned flying_requests_ = 0;
  bool plain_ = false;  // this tick's writes without callbacks are counted
  bool with_callbacks_ = false;
  bool flying_ = false;
};

}  // namespace antiphon::cl_async_style
