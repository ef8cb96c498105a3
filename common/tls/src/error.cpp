#include "antiphon/tls/error.hpp"

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <cctype>

#include "openssl_error.hpp"

namespace antiphon::tls {

namespace {

std::string library_name(unsigned long code) {
  switch (ERR_GET_LIB(code)) {
    case ERR_LIB_SSL:
      return "SSL";
    case ERR_LIB_X509:
      return "X509";
    case ERR_LIB_X509V3:
      return "X509V3";
    case ERR_LIB_PEM:
      return "PEM";
    case ERR_LIB_ASN1:
      return "ASN1";
    case ERR_LIB_EVP:
      return "EVP";
    case ERR_LIB_BIO:
      return "BIO";
    case ERR_LIB_PROV:
      return "PROV";
    default:
      break;
  }
  const char* name = ERR_lib_error_string(code);  // "system library", "DECODER routines"
  return name == nullptr ? std::string() : std::string(name);
}

/// "wrong version number" -> "WRONG_VERSION_NUMBER": OpenSSL makes the one from the other, too.
std::string mnemonic(std::string text) {
  for (char& c : text) {
    const auto octet = static_cast<unsigned char>(c);
    c = std::isalnum(octet) != 0 ? static_cast<char>(std::toupper(octet)) : '_';
  }
  return text;
}

}  // namespace

std::string Error::message() const {
  if (library.empty() || reason.empty()) return text;
  return "[" + library + ": " + reason + "] " + text;
}

Error take_openssl_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return {ErrorKind::protocol, {}, {}, "TLS failed for a reason that OpenSSL does not tell"};
  const char* text = ERR_reason_error_string(code);
  Error error;
  error.text = text != nullptr ? text : "error " + std::to_string(code);
  error.library = library_name(code);
  error.reason = mnemonic(error.text);
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    error.kind = ErrorKind::truncated;
    error.text = "EOF occurred in violation of protocol";  // Python's words
  }
  return error;
}

}  // namespace antiphon::tls
