#include "fake_names.hpp"

#include <dlfcn.h>
#include <netdb.h>

#include <atomic>

namespace antiphon::asio_style::test {

std::map<std::string, std::vector<std::string>> fake_names;

namespace {

std::atomic<int> calls = 0;

using Resolver = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

}  // namespace

int resolver_calls() {
  return calls;
}

}  // namespace antiphon::asio_style::test

// Stands before the C library's: a test can't rely on what the machine's names resolve to.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  using namespace antiphon::asio_style::test;
  static const auto real = reinterpret_cast<Resolver>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  ++calls;
  const auto known = node == nullptr ? fake_names.end() : fake_names.find(node);
  if (known == fake_names.end()) return real(node, service, hints, found);
  *found = nullptr;
  addrinfo** end = found;
  for (const auto& numeric : known->second) {
    addrinfo* one = nullptr;
    // Of another family than asked for: the real one leaves it out too.
    if (real(numeric.c_str(), service, hints, &one) != 0) continue;
    *end = one;
    while (*end != nullptr) end = &(*end)->ai_next;
  }
  return known->second.empty() || *found != nullptr ? 0 : EAI_NONAME;
}
