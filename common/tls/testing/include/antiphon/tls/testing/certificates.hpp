#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace antiphon::tls::testing {

/// A certificate and its key, as PEM text.
struct Issued {
  std::string certificate;
  std::string key;
};

struct CertificateOptions {
  std::string common_name = "localhost";
  std::vector<std::string> dns_names = {"localhost"};
  std::vector<std::string> addresses = {"127.0.0.1", "::1"};
  bool expired = false;
};

/// An authority that lives as long as the object: a self-signed certificate and what it issues.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(const std::string& name = "Antiphon test authority");
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;
  ~CertificateAuthority();

  /// The authority's own certificate: what the peer must trust.
  [[nodiscard]] const std::string& certificate() const noexcept { return certificate_; }
  [[nodiscard]] Issued issue(const CertificateOptions& options = {}) const;
  /// An authority below this one; what it issues needs its certificate in the chain.
  [[nodiscard]] std::unique_ptr<CertificateAuthority> issue_authority(const std::string& name) const;

 private:
  struct Signer;
  explicit CertificateAuthority(std::unique_ptr<Signer> signer);
  std::unique_ptr<Signer> signer_;
  std::string certificate_;
};

/// The same key, encrypted.
[[nodiscard]] std::string encrypt_key(const std::string& key_pem, std::string_view password);

}  // namespace antiphon::tls::testing
