#include "address.hpp"

#include <uv.h>

#include <array>
#include <charconv>

namespace antiphon::cl_async_style {

std::optional<socket_address> socket_address::parse(const std::string& text, std::uint16_t port) {
  socket_address made;
  if (uv_ip4_addr(text.c_str(), port, reinterpret_cast<sockaddr_in*>(&made.storage_)) == 0 ||
      uv_ip6_addr(text.c_str(), port, reinterpret_cast<sockaddr_in6*>(&made.storage_)) == 0)
    return made;
  return std::nullopt;
}

std::string text_of(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.sa_family ==
      AF_INET) {  // by hand, since every connection asks, and libuv prints it by snprintf
    const std::uint32_t octets = ntohl(reinterpret_cast<const sockaddr_in&>(address).sin_addr.s_addr);
    std::string out;
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
      if (!out.empty()) out += '.';
      out.append(text.data(), std::to_chars(text.data(), text.data() + 3, (octets >> shift) & 0xffU).ptr);
    }
    return out;
  }
  uv_ip_name(&address, text.data(), text.size());
  return text.data();
}

std::uint16_t port_of(const sockaddr& address) noexcept {
  if (address.sa_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  if (address.sa_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  return 0;
}

std::string with_port(const std::string& host, std::uint16_t port) {
  std::string text = host.find(':') == std::string::npos ? host : '[' + host + ']';
  text += ':';
  text += std::to_string(port);
  return text;
}

}  // namespace antiphon::cl_async_style
