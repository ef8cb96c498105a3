#include "main_steps.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <utility>

#include "actions.hpp"
#include "calls.hpp"
#include "connection_steps.hpp"
#include "placeholders.hpp"
#include "waiting.hpp"
#include "wording.hpp"

namespace antiphon::asyncio_replay {

namespace {

using asio_style::Server;
using asio_style::Task;
using std::chrono::milliseconds;

/// How long a wait of the main steps may take if the scenario does not say.
constexpr int default_limit_ms = 5000;

std::size_t index_at(const Json& step, std::size_t at) {
  return step.size() > at ? step[at].get<std::size_t>() : 0;
}

Server& server_at(Session& session, std::size_t index) {
  if (index >= session.servers.size()) throw HarnessError("there is no server " + std::to_string(index));
  return *session.servers[index];
}

Task<void> wait(Session& session, Json step) {
  const std::string label = step[1];
  const int count = step.size() > 2 ? step[2].get<int>() : 1;
  const int limit = step.size() > 3 ? step[3].get<int>() : default_limit_ms;
  if (co_await wait_for_label(session, label, count, milliseconds(limit))) co_return;
  session.log.add({{"event", "wait_timeout"}, {"label", label}});
}

/// Awaits and records it with what it returned or threw.
Task<void> recorded(Session& session, Json event, Task<Json> call) {
  try {
    const Json result = co_await call;
    if (!result.is_null()) event["ret"] = result;
  } catch (const asio_style::SystemExit&) {
    throw;
  } catch (const asio_style::KeyboardInterrupt&) {
    throw;
  } catch (const HarnessError&) {
    throw;
  } catch (...) {
    event["raised"] = exception_json(std::current_exception());
  }
  session.log.add(std::move(event));
}

// ---- servers

Task<Json> open_and_describe(Session& session, Json args, std::string kind) {
  if (kind == "accepted") {
    co_await accept_given_socket(session, args);
    co_return nullptr;
  }
  args["kind"] = kind;
  const auto server = co_await open_server(session, args);
  Json info = server_info(*server);
  server->close();
  co_return info;
}

/// ["create_server", arguments, …, kind]: tcp, unix or accepted (connect_accepted_socket).
Task<void> create_server(Session& session, Json step) {
  Json args = step.size() > 1 ? step[1] : Json::object();
  std::string kind = step[0] == "create_unix_server" ? "unix" : "tcp";
  if (step.size() > 3) kind = step[3];
  auto call = open_and_describe(session, args, kind);
  co_await recorded(session, main_event("create_" + kind, args), std::move(call));
}

Task<void> listen(Session& session, Json arguments) {
  session.servers.push_back(co_await open_server(session, std::move(arguments)));
}

void mark_outside(Session& session, const Server& server) {
  mark(session, "outside", {{"serving", server.is_serving()}, {"sockets", server.sockets().size()}});
}
void mark_inside(Session& session, const Server& server) {
  mark(session, "inside", {{"serving", server.is_serving()}});
}

Json server_property(const Session& session, const Server& server, const std::string& name) {
  if (name == "is_serving") return server.is_serving();
  if (name == "sockets") return "tuple len " + std::to_string(server.sockets().size());
  if (name == "get_loop") return &server.get_loop() == &session.loop;
  throw HarnessError("a server has no '" + name + "'");
}

/// A coroutine of the server's that gives nothing.
Task<Json> awaited(Session& session, Task<void> coroutine) {
  co_await in_own_task(session, std::move(coroutine));
  co_return nullptr;
}

/// Python's `async with server`.
Task<void> async_with(Session& session, std::size_t index) {
  const auto server = session.servers.at(index);
  const auto inside = [&session, &server]() -> Task<void> {
    mark_inside(session, *server);
    co_return;
  };
  auto whole = asio_style::with(server, inside);
  co_await whole;
  mark_outside(session, *server);
}

// ---- tasks

Task<void> in_background(Session& session, std::string tag, std::string method, std::size_t index) {
  Json event{{"event", "task"}, {"tag", tag}};
  Server& server = server_at(session, index);
  try {
    if (method == "serve_forever") {
      co_await server.serve_forever();
    } else if (method == "wait_closed") {
      co_await server.wait_closed();
    } else if (method == "start_serving") {
      co_await server.start_serving();
    } else {
      throw HarnessError("a server has no coroutine '" + method + "'");
    }
    event["result"] = "returned";
  } catch (const HarnessError&) {
    session.harness_error = std::current_exception();
  } catch (...) {
    event["raised"] = exception_json(std::current_exception());
  }
  session.log.add(std::move(event));
}

Task<void> start_task(Session& session, Json step) {
  const std::string tag = step[1];
  session.tasks.insert_or_assign(
      tag, session.loop.create_task(in_background(session, tag, step[2], index_at(step, 3))));
  // Far enough that the task waits, or has failed.
  for (int turn = 0; turn < 3; ++turn) co_await session.loop.sleep({});
}

const asio_style::Future<void>& task_at(const Session& session, const std::string& tag) {
  const auto found = session.tasks.find(tag);
  if (found == session.tasks.end()) throw HarnessError("there is no task '" + tag + "'");
  return found->second;
}

// ---- files and descriptors

void path_step(Session& session, const Json& step) {
  const std::string what = step[1];
  const auto path = session.scratch / step[2].get<std::string>();
  if (what == "exists") {
    Json event = main_event("path_exists", only(step[2]));
    event["ret"] = std::filesystem::exists(std::filesystem::symlink_status(path));
    session.log.add(std::move(event));
  } else if (what == "make_file") {
    std::ofstream(path) << "a file";
  } else if (what == "remove") {
    std::filesystem::remove(path);
  } else {
    throw HarnessError("unknown path step '" + what + "'");
  }
}

/// Takes every descriptor that is left under a limit not far above what is open now.
void exhaust_descriptors(Session& session) {
  constexpr int spare = 64;
  const int probe = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t low = static_cast<rlim_t>(probe) + spare;
  session.descriptor_limit = limit.rlim_cur;
  if (limit.rlim_cur > low) {
    limit.rlim_cur = low;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  session.exhausted.push_back(probe);
  for (int fd = ::dup(probe); fd >= 0; fd = ::dup(probe)) session.exhausted.push_back(fd);
  const int error = errno;
  Json event = main_event("exhaust_fds");
  event["raised"] = exception_json(asio_style::make_os_error(error));
  session.log.add(std::move(event));
}

void release_descriptors(Session& session) {
  session.give_back_descriptors();
  session.log.add(main_event("release_fds"));
}

// ---- the rest

/// ["do", connection?, action…]: an action of a connection, from outside its callbacks.
void do_actions(Session& session, const Json& step) {
  std::size_t at = 1;
  std::size_t connection = 0;
  if (step.size() > at && step[at].is_number()) connection = step[at++].get<std::size_t>();
  std::vector<Json> actions;
  if (step.size() > at && step[at].is_string()) {
    actions.emplace_back(Json(step.begin() + static_cast<std::ptrdiff_t>(at), step.end()));
  } else {
    actions.assign(step.begin() + static_cast<std::ptrdiff_t>(at), step.end());
  }
  run_actions(session, connection_at(session, connection), actions);
}

Task<void> run_step(Session& session, Json step) {
  const std::string word = step.is_object() ? "builtin" : step.front().get<std::string>();
  if (word == "builtin") {
    const std::string name = step.is_object() ? step.at("builtin") : step[1];
    co_await run_builtin(session, name);
  } else if (word == "wait") {
    co_await wait(session, step);
  } else if (word == "sleep_ms") {
    co_await pause(session, milliseconds(step[1].get<int>()));
  } else if (word == "block_ms") {
    session.time.block(milliseconds(step[1].get<int>()));
  } else if (word == "mark") {
    mark(session, step[1]);
  } else if (word == "do") {
    do_actions(session, step);
  } else if (word == "peers") {
    session.start_peers(address_of(session, 0));
  } else if (word == "listen") {
    co_await listen(session, step[1]);
  } else if (word == "create_server" || word == "create_unix_server") {
    co_await create_server(session, step);
  } else if (word == "server_info") {
    Json event = main_event("server_info", only(index_at(step, 1)));
    event["ret"] = server_info(server_at(session, index_at(step, 1)));
    session.log.add(std::move(event));
  } else if (word == "server_get") {
    Json event = main_event("server_get", Json(step.begin() + 1, step.end()));
    event["ret"] = server_property(session, server_at(session, index_at(step, 2)), step[1]);
    session.log.add(std::move(event));
  } else if (word == "server_close") {
    record_call(session, call_event("server_close", only(index_at(step, 1))),
                [&] { server_at(session, index_at(step, 1)).close(); });
  } else if (word == "start_serving") {
    Task<Json> call = awaited(session, server_at(session, index_at(step, 1)).start_serving());
    co_await recorded(session, main_event(word, only(index_at(step, 1))), std::move(call));
  } else if (word == "wait_closed") {
    session.log.add(main_event("wait_closed:start", only(index_at(step, 1))));
    Task<Json> call = awaited(session, server_at(session, index_at(step, 1)).wait_closed());
    co_await recorded(session, main_event(word, only(index_at(step, 1))), std::move(call));
  } else if (word == "async_with") {
    co_await async_with(session, index_at(step, 1));
  } else if (word == "bg") {
    co_await start_task(session, step);
  } else if (word == "cancel_task") {
    session.log.add(main_event("cancel", only(step[1])));
    task_at(session, step[1]).cancel();
  } else if (word == "task_done") {
    Json event = main_event("task_done", only(step[1]));
    event["ret"] = task_at(session, step[1]).done();
    session.log.add(std::move(event));
  } else if (word == "path") {
    path_step(session, step);
  } else if (word == "exhaust_fds") {
    exhaust_descriptors(session);
  } else if (word == "release_fds") {
    release_descriptors(session);
  } else if (word == "conns_by_server") {
    Json event = main_event("connections");
    event["ret"] = session.connections.size();
    session.log.add(std::move(event));
  } else if (word == "create_connection") {
    Task<Json> call = open_connection(session, step[1]);
    co_await recorded(session, main_event(word, step[1]), std::move(call));
  } else if (word == "start_tls") {
    const Json args = step.size() > 2 ? step[2] : Json::object();
    Task<Json> call = upgrade_connection(session, index_at(step, 1), args);
    co_await recorded(session, main_event(word, args), std::move(call));
    session.log.reach("start_tls_done");
  } else if (word == "sendfile") {
    const Json args = step.size() > 2 ? step[2] : Json::object();
    co_await send_file(session, index_at(step, 1), args);
  } else {
    throw HarnessError("unknown main step '" + word + "'");
  }
}

}  // namespace

Task<void> run_main(Session& session) {
  static const std::vector<Json> wait_for_the_end{{"wait", "CL"}, {"sleep_ms", 20}};
  if (!session.scenario.listen.is_null()) co_await listen(session, session.scenario.listen);
  if (!session.scenario.main_starts_peers) session.start_peers(address_of(session, 0));
  for (const Json& step : session.scenario.main.value_or(wait_for_the_end)) {
    co_await run_step(session, step);
    if (session.harness_error) std::rethrow_exception(session.harness_error);
  }
}

}  // namespace antiphon::asyncio_replay
