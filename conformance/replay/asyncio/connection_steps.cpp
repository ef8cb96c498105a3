#include "connection_steps.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "actions.hpp"
#include "calls.hpp"
#include "placeholders.hpp"
#include "static_types.hpp"
#include "waiting.hpp"
#include "wording.hpp"

namespace antiphon::asyncio_replay {

using asio_style::Task;

const ConnectionPtr& connection_at(const Session& session, std::size_t index) {
  if (index >= session.connections.size())
    throw HarnessError("there is no connection " + std::to_string(index));
  return session.connections[index];
}

Task<Json> open_connection(Session& session, Json json) {
  Arguments given = arguments(session, json);
  if (given.ssl_is_bool) given.ssl = "default";  // True means a context with the defaults, to a client
  given.ssl_is_bool = false;
  refuse_static_types(given);
  asio_style::CreateConnectionOptions options;
  options.flags = given.flags.value_or(options.flags);
  options.local_addr = given.local_addr;
  options.family = given.family;
  options.sock = given.sock;
  options.interleave = given.interleave;
  if (given.happy_eyeballs_delay) options.happy_eyeballs_delay = seconds_of(*given.happy_eyeballs_delay);
  options.server_hostname = given.server_hostname;
  set_tls_options(options, given);
  co_await in_own_task(session,
                       session.loop.create_connection(session.factory("C"), given.host, given.port, options));
  co_return true;
}

Task<void> accept_given_socket(Session& session, Json json) {
  const Arguments given = arguments(session, json);
  if (given
          .ssl_is_bool) {  // Python sees it when it makes the TLS layer, for the protocol that it has by then
    static_assert(!static_types::tls_context<bool>);
    if (given.sock_is_tls) refuse_type("Socket cannot be of type SSLSocket");
    if (given.sock && asio_style::TransportSocket(*given.sock).type() != SOCK_STREAM) {
      co_await session.loop.connect_accepted_socket(session.factory(session.scenario.protocol), *given.sock);
    }
    static_cast<void>(session.factory(session.scenario.protocol)());
    throw asio_style::ValueError("Server side SSL needs a valid SSLContext");
  }
  refuse_static_types(given);
  asio_style::ConnectAcceptedSocketOptions options;
  set_tls_options(options, given);
  co_await session.loop.connect_accepted_socket(session.factory(session.scenario.protocol),
                                                given.sock.value(), options);
}

namespace {

struct NoTransport {};  // Python's `object()`

/// What a Python caller may get wrong and the compiler sees.
void refuse_wrong_upgrade(const Json& arguments) {
  if (arguments.contains("transport")) {
    static_assert(!static_types::stream_to_upgrade<NoTransport>);
    refuse_type("transport <object object at 0x..> is not supported by start_tls()");
  }
  if (arguments.contains("ctx") && arguments["ctx"].value("$ssl", "") == "true") {
    static_assert(!static_types::tls_context<bool>);
    refuse_type("sslcontext is expected to be an instance of ssl.SSLContext, got True");
  }
}

}  // namespace

Task<Json> upgrade_connection(Session& session, std::size_t index, Json json) {
  refuse_wrong_upgrade(json);
  const ConnectionPtr connection = connection_at(session, index);
  const bool server_side = json.value("server_side", true);
  std::string context = server_side ? "server" : "client";
  if (json.contains("ctx")) context = json["ctx"].at("$ssl");
  for (const char* own : {"ctx", "transport", "server_side"}) json.erase(own);
  const Arguments given = arguments(session, json);
  asio_style::StartTlsOptions options;
  options.server_side = server_side;
  options.server_hostname = given.server_hostname;
  if (given.handshake_timeout) options.ssl_handshake_timeout = seconds_of(*given.handshake_timeout);
  if (given.shutdown_timeout) options.ssl_shutdown_timeout = seconds_of(*given.shutdown_timeout);
  const auto lower = connection->transport;
  auto upgrading = session.loop.start_tls(lower, lower->get_protocol(), tls_context(context), options);
  connection->transport = co_await in_own_task(session, std::move(upgrading));
  co_return nullptr;
}

namespace {

/// Closes the descriptor at the end.
struct OpenFile {
  explicit OpenFile(const std::string& path) : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd < 0) throw HarnessError("can't open " + path);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() { ::close(fd); }
  int fd;
};

void ask_during_transfer(Session& session, const ConnectionPtr& connection) {
  static const std::vector<Json> questions = Json::parse(R"([["is_reading"], ["write", 1]])");
  run_actions(session, connection, questions);
  session.log.reach("mark:probed");
}

/// While the file is on its way: reading is paused (AS-260), write is refused (AS-157).
Task<void> probe(Session& session, std::size_t index) {
  const ConnectionPtr connection = connection_at(session, index);
  constexpr int turns = 1000;  // the transfer has begun long before; a limit for one that never does
  for (int turn = 0; turn < turns && connection->transport->is_reading(); ++turn)
    co_await session.loop.sleep({});
  ask_during_transfer(session, connection);
}

/// A file in text mode, which a descriptor has not: refused where Python does it.
Task<std::uint64_t> send_text_file(std::shared_ptr<asio_style::Transport> transport) {
  if (transport->is_closing()) throw asio_style::RuntimeError("Transport is closing");
  throw asio_style::ValueError("file should be opened in binary mode");
  co_return 0;
}

Task<std::uint64_t> transfer(Session& session, std::size_t index, std::optional<int> file,
                             asio_style::SendfileOptions options, bool probing) {
  const auto transport = connection_at(session, index)->transport;
  auto sent = session.loop.create_task(file ? session.loop.sendfile(transport, *file, options)
                                            : send_text_file(transport));
  if (probing) co_await probe(session, index);
  const auto done = session.loop.create_future<>();
  sent.add_done_callback([done] { done.set_result(); });
  co_await done;
  co_return sent.result();
}

}  // namespace

Task<void> send_file(Session& session, std::size_t index, Json json) {
  Json event = main_event("sendfile", json);
  std::size_t size = 0;
  bool probing = false;
  bool text = false;
  asio_style::SendfileOptions options;
  for (const auto& [key, value] : json.items()) {
    if (key == "size") {
      size = value;
    } else if (key == "offset") {
      options.offset = value;
    } else if (key == "count") {
      if (!value.is_null()) options.count = value.get<std::int64_t>();
    } else if (key == "fallback") {
      options.fallback = value;
    } else if (key == "probe") {
      probing = value;
    } else if (key == "text") {
      text = value;
    } else {
      throw HarnessError("unknown argument '" + key + "' of sendfile");
    }
  }
  const auto path = session.scratch / "file";
  std::ofstream(path, std::ios::binary) << std::string(size, 'f');
  const OpenFile file(path.string());
  const auto binary = text ? std::nullopt : std::optional(file.fd);
  try {
    event["ret"] = co_await transfer(session, index, binary, options, probing);
  } catch (const HarnessError&) {
    throw;
  } catch (...) {
    event["raised"] = exception_json(std::current_exception());
  }
  session.log.add(std::move(event));
  Json position = main_event("file_position");
  position["ret"] = ::lseek(file.fd, 0, SEEK_CUR);
  session.log.add(std::move(position));
}

}  // namespace antiphon::asyncio_replay
