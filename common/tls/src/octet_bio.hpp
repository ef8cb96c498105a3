#pragma once

#include <openssl/bio.h>

#include <cstddef>
#include <span>
#include <vector>

namespace antiphon::tls {

/// Where OpenSSL finds the peer's octets and leaves ours.
///
/// OpenSSL's own memory BIO would copy each octet once more and keep the memory of the largest burst for as
/// long as the connection lives; this one reads the caller's memory and writes into memory that is lent.
struct Octets {
  std::vector<std::byte> kept;      ///< received, unread, from before the present loan
  std::size_t kept_read = 0;        ///< of these, octets already read
  std::span<const std::byte> lent;  ///< the rest of the present loan
  bool ended = false;               ///< the peer will send no more
  std::vector<std::byte> output;

  [[nodiscard]] std::size_t unread() const noexcept { return kept.size() - kept_read + lent.size(); }
  std::size_t read(std::span<std::byte> room) noexcept;
  /// Copies what is unread of the loan.
  void keep_lent();
};

/// A BIO over `octets`, which must outlive it; null without memory.
[[nodiscard]] BIO* new_octet_bio(Octets& octets);

}  // namespace antiphon::tls
