#include "antiphon/cl_async_style/dns.hpp"

#include <netdb.h>
#include <uv.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "address.hpp"
#include "loop.hpp"

namespace antiphon::cl_async_style {

namespace {

int number_of(address_family family) noexcept {
  switch (family) {
    case address_family::inet:
      return AF_INET;
    case address_family::inet6:
      return AF_INET6;
    case address_family::unspec:
      break;
  }
  return AF_UNSPEC;
}

/// A lookup under way: libuv's request, which is nobody's but its own until it is answered.
template <typename Request, typename Callback>
struct query {
  Request request{};
  loop* in;
  std::string asked;
  Callback fn;
  event_callback event_cb;

  query(loop& where, std::string what, Callback found, event_callback failed)
      : in(&where), asked(std::move(what)), fn(std::move(found)), event_cb(std::move(failed)) {
    request.data = this;
    ++in->dns_queries;
  }
  query(const query&) = delete;
  query& operator=(const query&) = delete;
  ~query() { --in->dns_queries; }

  /// To libuv, and back in its callback.
  static void lend(std::unique_ptr<query> mine) noexcept { static_cast<void>(mine.release()); }
  static std::unique_ptr<query> back(Request* request) noexcept {
    return std::unique_ptr<query>(static_cast<query*>(request->data));
  }

  void failed(int status) {
    // At once, and its own error is not sent to it again (CL-036, CL-071).
    const auto event = detail::condition_factory::unattached(status, asked);
    if (event_cb) in->guard({}, [&] { event_cb(*event); });
  }
};
using forward_query = query<uv_getaddrinfo_t, resolve_callback>;
using reverse_query = query<uv_getnameinfo_t, reverse_resolve_callback>;

}  // namespace

bool dns_lookup(const std::string& host, resolve_callback resolve_cb, dns_options options) {
  loop& in = loop::to_open_in();
  auto asked = std::make_unique<forward_query>(in, host, std::move(resolve_cb), std::move(options.event_cb));
  addrinfo hints{};
  hints.ai_family = number_of(options.family);
  hints.ai_socktype = SOCK_STREAM;  // once, not for each type
  const int error = uv_getaddrinfo(
      in.uv(), &asked->request,
      [](uv_getaddrinfo_t* request, int status, addrinfo* found) {
        const auto mine = forward_query::back(request);
        const std::unique_ptr<addrinfo, void (*)(addrinfo*)> result(found, uv_freeaddrinfo);
        if (mine->in->closing()) return;
        if (status != 0) {
          mine->failed(status);
          return;
        }
        mine->in->guard(mine->event_cb, [&] {
          mine->fn(text_of(*result->ai_addr),
                   result->ai_family == AF_INET6 ? address_family::inet6 : address_family::inet);
        });
      },
      host.c_str(), nullptr, &hints);
  if (error != 0) detail::condition_factory::raise(error, host);  // CL-072
  forward_query::lend(std::move(asked));
  return true;
}

bool reverse_dns_lookup(const std::string& address, reverse_resolve_callback resolve_cb,
                        reverse_dns_options options) {
  loop& in = loop::to_open_in();
  const std::optional<socket_address> where = socket_address::parse(address, 0);
  if (!where) throw std::invalid_argument("not an IP address: '" + address + "'");
  auto asked =
      std::make_unique<reverse_query>(in, address, std::move(resolve_cb), std::move(options.event_cb));
  const int error = uv_getnameinfo(
      in.uv(), &asked->request,
      [](uv_getnameinfo_t* request, int status, const char* host, const char* service) {
        const auto mine = reverse_query::back(request);
        if (mine->in->closing()) return;
        if (status != 0) {
          mine->failed(status);
          return;
        }
        mine->in->guard(mine->event_cb, [&] { mine->fn(host, service); });
      },
      where->get(), 0);
  if (error != 0) detail::condition_factory::raise(error, address);
  reverse_query::lend(std::move(asked));
  return true;
}

}  // namespace antiphon::cl_async_style
