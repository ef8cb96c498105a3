#pragma once

#include <antiphon/tls/engine.hpp>
#include <antiphon/tls/testing/certificates.hpp>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace antiphon::tls::test {

inline std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// One authority for the whole program: making keys costs time.
inline const testing::CertificateAuthority& authority() {
  static const testing::CertificateAuthority made;
  return made;
}

inline Context server_context(const testing::CertificateOptions& options = {}) {
  const auto issued = authority().issue(options);
  Context context(Role::server);
  context.use_certificate_chain(issued.certificate, issued.key);
  return context;
}

inline Context client_context() {
  Context context(Role::client);
  context.add_verify_certificates(authority().certificate());
  return context;
}

/// Everything that can be read now.
struct ReadAll {
  std::string text;
  ReadStatus end = ReadStatus::need_more;
};
inline ReadAll read_all(Engine& engine) {
  ReadAll result;
  std::vector<std::byte> room(16384);
  while (true) {
    const auto [status, size] = engine.read(room);
    if (status != ReadStatus::data) {
      result.end = status;
      return result;
    }
    result.text.append(reinterpret_cast<const char*>(room.data()), size);
  }
}

/// Carries what waits from one engine to the other; false if nothing did.
inline bool carry(Engine& from, Engine& to) {
  const auto octets = from.take_output();
  if (!octets.empty()) to.receive(octets);
  return !octets.empty();
}

/// Both handshakes, as far as they go.
inline void shake_hands(Engine& client, Engine& server) {
  bool moved = true;
  while (moved) {
    (void)client.handshake();
    moved = carry(client, server);
    (void)server.handshake();
    moved = carry(server, client) || moved;
  }
}

}  // namespace antiphon::tls::test
