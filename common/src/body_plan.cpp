#include "antiphon/http/body_plan.hpp"

#include "antiphon/http/request.hpp"

namespace antiphon::http {

void BodyPlan::begin(const Request& request, Taking taking, std::uint64_t unwanted_at_most) noexcept {
  announced_ = request.content_length().value_or(0);
  chunked_ = request.chunked();
  seen_ = 0;
  unwanted_ = 0;
  unwanted_at_most_ = unwanted_at_most;
  taking_ = taking;
  owed_ = request.expects_continue() ? Owed::yes : Owed::no;
}

bool BodyPlan::answer_at_once() const noexcept {
  return taking_ == Taking::nothing && (announced_ > unwanted_at_most_ || owed_ != Owed::no);
}

bool BodyPlan::received(std::size_t octets) noexcept {
  seen_ += octets;
  if (taking_ != Taking::nothing) return true;
  unwanted_ += octets;
  return unwanted_ <= unwanted_at_most_;
}

bool BodyPlan::invite() noexcept {
  if (owed_ == Owed::no || owed_ == Owed::paid) return false;
  const bool due = owed_ == Owed::yes && seen_ == 0;
  owed_ = Owed::paid;
  return due;
}

bool BodyPlan::must_close(bool whole) const noexcept {
  // Not invited, the client may send the body or not: only the close of the connection makes that clear.
  if (owed_ == Owed::yes || owed_ == Owed::needless) return true;
  if (unwanted_ > unwanted_at_most_) return true;
  // A body of unknown length is hoped to be short; else the connection is closed in the middle of it.
  return whole && !chunked_ && announced_ - seen_ > unwanted_at_most_;
}

}  // namespace antiphon::http
