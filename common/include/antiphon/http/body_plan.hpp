#pragma once

#include <cstddef>
#include <cstdint>

namespace antiphon::http {

class Request;

/// What a server does with the body of one request, and what follows from that for 100 Continue and for the
/// connection (RFC 9110, 10.1.1; RFC 9112, 9.3). Pure: the decisions alone, the same for every style.
class BodyPlan {
 public:
  enum class Taking {
    whole,   ///< it is collected, then the handler runs
    pieces,  ///< the handler runs and takes it piece by piece
    nothing  ///< nobody wants it: read over, if that is not much, so that the connection can be kept
  };

  /// At the end of the request's head. `unwanted_at_most`: octets of a body that nobody wants which are read.
  void begin(const Request& request, Taking taking, std::uint64_t unwanted_at_most) noexcept;
  [[nodiscard]] Taking taking() const noexcept { return taking_; }
  /// The answer need not wait for the body: it is not wanted, and it is too large to be read over, or the
  /// client waits to be asked for it (trap T11).
  [[nodiscard]] bool answer_at_once() const noexcept;

  /// Octets of the body came. False if nobody wants it and that is too much of it: to be called no more.
  [[nodiscard]] bool received(std::size_t octets) noexcept;
  /// The answer is given: what is still to come of the body is read over.
  void answered() noexcept { taking_ = Taking::nothing; }

  /// 100 Continue is due, once: the client waits for it, the body is wanted, and nothing of it has come.
  [[nodiscard]] bool invite() noexcept;
  /// Nothing of the body has come yet, but its octets are at hand: 100 would be idle talk.
  void at_hand() noexcept { owed_ = owed_ == Owed::yes ? Owed::needless : owed_; }

  /// An answer is about to begin while the body is still coming: the connection cannot be kept behind it.
  /// `whole`: the answer is complete, so that the rest of the body is wanted by nobody.
  [[nodiscard]] bool must_close(bool whole) const noexcept;

 private:
  enum class Owed : unsigned char { no, yes, needless, paid };

  std::uint64_t announced_ = 0;
  std::uint64_t seen_ = 0;
  std::uint64_t unwanted_ = 0;
  std::uint64_t unwanted_at_most_ = 0;
  Taking taking_ = Taking::whole;
  Owed owed_ = Owed::no;
  bool chunked_ = false;
};

}  // namespace antiphon::http
