#include "resolve.hpp"

#include <arpa/inet.h>
#include <netdb.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "antiphon/asio_style/errors.hpp"

namespace antiphon::asio_style::detail {

bool Resolved::same_as(const Resolved& other) const noexcept {
  return family == other.family && type == other.type && proto == other.proto &&
         name.length == other.name.length &&
         std::memcmp(&name.storage, &other.name.storage, name.length) == 0;
}

std::optional<Resolved> numeric(const std::string& host, std::uint16_t port, int family) {
  Resolved found{AF_INET, SOCK_STREAM, IPPROTO_TCP, {}};
  auto* v4 = reinterpret_cast<sockaddr_in*>(&found.name.storage);
  if (family != AF_INET6 && ::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    found.name.length = sizeof *v4;
    return found;
  }
  found = {AF_INET6, SOCK_STREAM, IPPROTO_TCP, {}};
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&found.name.storage);
  if (family != AF_INET && ::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    found.name.length = sizeof *v6;
    return found;
  }
  return std::nullopt;
}

std::vector<Resolved> getaddrinfo(const std::string& host, std::uint16_t port, int family, int flags,
                                  int proto) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  hints.ai_protocol = proto;
  addrinfo* list = nullptr;
  const int failed =
      ::getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (failed == EAI_SYSTEM) throw_os_error(errno);
  if (failed != 0) throw GaiError(failed, host.empty() ? "any interface" : host);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);

  std::vector<Resolved> found;
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    Resolved one{info->ai_family, info->ai_socktype, info->ai_protocol, {}};
    std::memcpy(&one.name.storage, info->ai_addr, info->ai_addrlen);
    one.name.length = info->ai_addrlen;
    found.push_back(one);
  }
  if (found.empty()) throw OSError(EADDRNOTAVAIL, "getaddrinfo('" + host + "') returned empty list");
  return found;
}

}  // namespace antiphon::asio_style::detail
