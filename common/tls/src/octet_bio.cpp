#include "octet_bio.hpp"

#include <algorithm>
#include <memory>

namespace antiphon::tls {

std::size_t Octets::read(std::span<std::byte> room) noexcept {
  std::size_t total = 0;
  if (kept_read < kept.size()) {
    total = std::min(room.size(), kept.size() - kept_read);
    std::copy_n(kept.begin() + static_cast<std::ptrdiff_t>(kept_read), total, room.begin());
    kept_read += total;
    if (kept_read == kept.size()) {
      kept = {};  // an idle connection keeps no memory
      kept_read = 0;
    }
    room = room.subspan(total);
  }
  const std::size_t rest = std::min(room.size(), lent.size());
  std::copy_n(lent.begin(), rest, room.begin());
  lent = lent.subspan(rest);
  return total + rest;
}

void Octets::keep_lent() {
  if (lent.empty()) return;
  kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(kept_read));
  kept_read = 0;
  kept.insert(kept.end(), lent.begin(), lent.end());
  lent = {};
}

namespace {

Octets& octets_of(BIO* bio) {
  return *static_cast<Octets*>(BIO_get_data(bio));
}

int read_octets(BIO* bio, char* room, std::size_t size, std::size_t* read) {
  BIO_clear_retry_flags(bio);
  Octets& octets = octets_of(bio);
  *read = octets.read(std::as_writable_bytes(std::span(room, size)));
  if (*read > 0) return 1;
  if (!octets.ended) BIO_set_retry_read(bio);
  return 0;
}

int write_octets(BIO* bio, const char* data, std::size_t size, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    auto& output = octets_of(bio).output;
    output.insert(output.end(), bytes.begin(), bytes.end());
  } catch (...) {
    return 0;  // no memory; no exception may cross OpenSSL
  }
  *written = size;
  return 1;
}

long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_EOF:
      return octets_of(bio).ended && octets_of(bio).unread() == 0 ? 1 : 0;
    default:
      return 0;
  }
}

const BIO_METHOD* method() {
  static const std::unique_ptr<BIO_METHOD, void (*)(BIO_METHOD*)> made(
      [] {
        BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "antiphon octets");
        if (fresh != nullptr) {
          BIO_meth_set_read_ex(fresh, read_octets);
          BIO_meth_set_write_ex(fresh, write_octets);
          BIO_meth_set_ctrl(fresh, control);
        }
        return fresh;
      }(),
      BIO_meth_free);
  return made.get();
}

}  // namespace

BIO* new_octet_bio(Octets& octets) {
  BIO* bio = method() == nullptr ? nullptr : BIO_new(method());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, &octets);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace antiphon::tls
