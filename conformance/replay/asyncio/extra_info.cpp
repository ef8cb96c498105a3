#include "extra_info.hpp"

#include <sys/socket.h>

#include "wording.hpp"

namespace antiphon::asyncio_replay {

namespace {

using asio_style::SocketAddress;
using asio_style::TransportSocket;

/// The value that was handed in as the default comes back as it is.
struct Fallback {
  Json value;
};

}  // namespace

std::string family_name(int family) {
  switch (family) {
    case AF_INET:
      return "AF_INET";
    case AF_INET6:
      return "AF_INET6";
    case AF_UNIX:
      return "AF_UNIX";
    default:
      return "family " + std::to_string(family);
  }
}

Json address_json(const SocketAddress& address) {
  if (address.family == AF_UNIX) return with_placeholders(address.host);
  Json json{address.host, "PORT"};
  if (address.family == AF_INET6)
    json.insert(json.end(), {0, address.scope_id});  // the flow label, the scope
  return json;
}

Json extra_info(const asio_style::Transport& transport, const std::string& name, const Json& fallback) {
  const std::any value = transport.get_extra_info(name, Fallback{fallback});
  if (const auto* given = std::any_cast<Fallback>(&value)) return given->value;
  if (!value.has_value()) return nullptr;
  if (const auto* address = std::any_cast<SocketAddress>(&value)) return address_json(*address);
  if (std::any_cast<TransportSocket>(&value) != nullptr) return "<TransportSocket>";
  if (std::any_cast<asio_style::SSLContext>(&value) != nullptr) return "<SSLContext>";
  if (std::any_cast<asio_style::SSLObject>(&value) != nullptr) return "<SSLObject>";
  if (std::any_cast<asio_style::SSLObject::Cipher>(&value) != nullptr) return {"..", "..", ".."};
  if (std::any_cast<tls::Certificate>(&value) != nullptr)
    return Json::object();  // not verified: nothing is told
  throw HarnessError("extra info '" + name + "' is of a type that the replay does not know");
}

Json socket_view_offers(const asio_style::Transport& transport) {
  const std::any value = transport.get_extra_info("socket");
  if (std::any_cast<TransportSocket>(&value) == nullptr)
    throw HarnessError("\"socket\" is no TransportSocket");
  const auto offers = []<class View>(const View&) -> Json {
    return {{"getsockopt", requires(View & view){view.getsockopt(0, 0);
  }
}
, {"setsockopt", requires(View& view){view.setsockopt(0, 0, 0);
}
}
, {"getsockname", requires(View& view){view.getsockname();
}
}
, {"getpeername", requires(View& view){view.getpeername();
}
}
, {"fileno", requires(View& view){view.fileno();
}
}
, {"family", requires(View& view){view.family();
}
}
, {"send", requires(View& view){view.send(nullptr, 0);
}
|| requires(View& view) {
  view.send("");
}
}
, {"recv", requires(View& view){view.recv(nullptr, 0);
}
|| requires(View& view) {
  view.recv(0);
}
}
, {"close", requires(View& view){view.close();
}
}
,
}
;
}
;
return offers(TransportSocket());
}

}  // namespace antiphon::asyncio_replay
