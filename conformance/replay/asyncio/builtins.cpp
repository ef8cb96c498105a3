// The tests of the loop itself that the oracle's recorder had as code: told by their names and by what the
// traces show of them.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <thread>
#include <utility>

#include "actions.hpp"
#include "calls.hpp"
#include "main_steps.hpp"
#include "static_types.hpp"
#include "waiting.hpp"
#include "wording.hpp"

namespace antiphon::asyncio_replay {

namespace {

using asio_style::EventLoop;
using asio_style::Task;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::function<void()> soon(Session& session, const std::string& tag) {
  return [&session, tag] { session.log.add({{"event", "soon"}, {"tag", tag}}); };
}

/// Long enough for what was queued to run.
Task<void> settle(Session& session) {
  for (int turn = 0; turn < 5; ++turn) co_await session.loop.sleep({});
}

Task<void> soon_order(Session& session) {
  EventLoop& loop = session.loop;
  loop.call_soon([&session] {
    soon(session, "a")();
    session.loop.call_soon(soon(session, "a.child"));
  });
  loop.call_soon(soon(session, "b"));
  auto cancelled = loop.call_soon(soon(session, "cancelled"));
  loop.call_soon(soon(session, "c"));
  cancelled.cancel();
  cancelled.cancel();
  co_await settle(session);
}

/// No pause and no timer here: only the call from the other thread may wake the loop.
Task<void> threadsafe(Session& session) {
  const auto woken = session.loop.create_future<>();
  std::chrono::steady_clock::time_point called;
  std::thread other([&] {
    std::this_thread::sleep_for(milliseconds(20));  // the loop waits by then; if not, the test is only easier
    called = std::chrono::steady_clock::now();
    session.loop.call_soon_threadsafe(soon(session, "1"));
    session.loop.call_soon_threadsafe([&] {
      soon(session, "2")();
      woken.set_result();
    });
  });
  co_await woken;
  other.join();
  mark(session, "woken promptly", {{"ret", std::chrono::steady_clock::now() - called < seconds(10)}});
}

Task<void> zero_delays(Session& session) {
  const auto timer = [&session](const char* tag) {
    return [&session, tag] { session.log.add({{"event", "timer"}, {"tag", tag}}); };
  };
  session.loop.call_later(milliseconds(0), timer("t0"));
  session.loop.call_later(milliseconds(-1000), timer("t-neg"));
  session.loop.call_soon(soon(session, "s1"));
  session.loop.call_soon(soon(session, "s2"));
  co_await settle(session);
}

/// A callback, a readable descriptor and a timer, all ready in one turn.
Task<void> one_iteration(Session& session) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) < 0)
    throw HarnessError("no socketpair");
  session.loop.add_reader(pair[0], [&session, fd = pair[0]] {
    session.loop.remove_reader(fd);
    soon(session, "io")();
  });
  co_await settle(session);
  session.loop.call_later(milliseconds(10), soon(session, "timer"));
  if (::write(pair[1], "x", 1) != 1) throw HarnessError("can't write to a socketpair");
  session.loop.call_soon(soon(session, "soon"));
  std::this_thread::sleep_for(milliseconds(30));  // blocks the loop past the timer's time
  co_await settle(session);
  ::close(pair[0]);
  ::close(pair[1]);
}

Task<void> exception_handler(Session& session) {
  EventLoop& loop = session.loop;
  const auto recording = loop.get_exception_handler();
  const auto fail_in_callback = [&]() -> Task<void> {
    loop.call_soon([] { throw ZeroDivisionError(); });
    co_await settle(session);
  };
  co_await fail_in_callback();
  mark(session, "custom handler done");
  loop.set_exception_handler(nullptr);
  co_await fail_in_callback();
  mark(session, "default handler done");
  loop.set_exception_handler(
      [](EventLoop&, const asio_style::ExceptionContext&) { throw ZeroDivisionError(); });
  co_await fail_in_callback();
  mark(session, "raising handler done");
  record_call(session, call_event("set_exception_handler", only("not callable")), [] {
    static_assert(!static_types::exception_handler<int>);
    refuse_type("A callable object or None is expected, got 5");
  });
  loop.set_exception_handler(recording);
  asio_style::ExceptionContext context;
  context.message = "direct";
  loop.call_exception_handler(context);
}

Task<void> debug_mode(Session& session) {
  EventLoop& loop = session.loop;
  const auto get_debug = [&] { mark(session, "get_debug", {{"ret", loop.get_debug()}}); };
  get_debug();
  loop.set_debug(true);
  get_debug();
  // Far from what a crowded machine adds to any other callback.
  loop.slow_callback_duration = milliseconds(800);
  loop.call_soon([] { std::this_thread::sleep_for(milliseconds(1000)); });
  co_await settle(session);
  std::exception_ptr from_call_soon;
  std::exception_ptr from_call_at;
  const auto thrown = [](auto fn) -> std::exception_ptr {
    try {
      fn();
    } catch (...) {
      return std::current_exception();
    }
    return nullptr;
  };
  std::thread other([&] {
    from_call_soon = thrown([&] { loop.call_soon([] {}); });
    from_call_at = thrown([&] { loop.call_at(loop.time(), [] {}); });
  });
  other.join();
  const auto rethrow = [](const std::exception_ptr& exception) {
    return [&exception] {
      if (exception) std::rethrow_exception(exception);
    };
  };
  record_call(session, call_event("call_soon from thread"), rethrow(from_call_soon));
  record_call(session, call_event("call_at from thread"), rethrow(from_call_at));
  loop.set_debug(false);
}

template <class Argument>
void add_handler_if_it_compiles(EventLoop& loop, Argument argument, const std::string& message) {
  if constexpr (static_types::signal_number<Argument>) {
    loop.add_signal_handler(argument, [] {});
  } else {
    refuse_type(message);
  }
}

template <class Callback>
void add_callback_if_it_compiles(EventLoop& loop, Callback callback, const std::string& message) {
  if constexpr (static_types::signal_callback<Callback>) {
    loop.add_signal_handler(SIGUSR1, callback);
  } else {
    refuse_type(message);
  }
}

bool has_default_action(int signum) {
  struct sigaction action {};
  ::sigaction(signum, nullptr, &action);
  return action.sa_handler == SIG_DFL;
}

Task<void> signal_handlers(Session& session) {
  EventLoop& loop = session.loop;
  const milliseconds limit(5000);
  loop.add_signal_handler(SIGUSR1, soon(session, "sig-1"));
  ::kill(::getpid(), SIGUSR1);
  mark(session, "after kill");
  co_await wait_for_label(session, "soon:sig-1", 1, limit);
  loop.add_signal_handler(SIGUSR1, soon(session, "sig-2"));
  ::kill(::getpid(), SIGUSR1);
  co_await wait_for_label(session, "soon:sig-2", 1, limit);
  for (int time = 0; time < 2; ++time) {
    record_call(session, call_event("remove_signal_handler", only("SIGUSR1")),
                [&] { return loop.remove_signal_handler(SIGUSR1); });
  }
  mark(session, "default restored", {{"ret", has_default_action(SIGUSR1)}});
  const auto add = [&](const char* what, const std::function<void()>& fn) {
    record_call(session, call_event("add_signal_handler", only(what)), fn);
  };
  add("9999", [&] { loop.add_signal_handler(9999, [] {}); });
  add("\"x\"", [&] { add_handler_if_it_compiles(loop, "x", "sig must be an int, not 'x'"); });
  add("SIGKILL", [&] { loop.add_signal_handler(SIGKILL, [] {}); });
  add("coroutine function", [&] {
    add_callback_if_it_compiles(
        loop, []() -> Task<void> { co_return; }, "coroutines cannot be used with add_signal_handler()");
  });
  std::exception_ptr elsewhere;
  std::thread other([&] {
    try {
      loop.add_signal_handler(SIGUSR1, [] {});
    } catch (...) {
      elsewhere = std::current_exception();
    }
  });
  other.join();
  add("from thread", [&] {
    if (elsewhere) std::rethrow_exception(elsewhere);
  });
}

/// A listening TCP socket on loopback and its address.
struct Listening {
  Listening() : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in any_port{};
    any_port.sin_family = AF_INET;
    any_port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the socket API's own way
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&any_port), sizeof any_port) < 0 ||
        ::listen(fd, 8) < 0) {
      throw HarnessError("can't listen on loopback");
    }
    address = asio_style::TransportSocket(fd).getsockname();
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;
  ~Listening() { close(); }
  void close() {
    if (fd >= 0) ::close(std::exchange(fd, -1));
  }

  int fd;
  asio_style::SocketAddress address;
};

Task<void> refused(Session& session) {
  Listening listening;
  listening.close();
  Json event =
      main_event("create_connection", Json::parse(R"({"host": "127.0.0.1", "port": "closed port"})"));
  try {
    co_await in_own_task(
        session, session.loop.create_connection(session.factory("C"), "127.0.0.1", listening.address.port));
    event["ret"] = true;
  } catch (const std::exception&) {
    event["raised"] = exception_json(std::current_exception());
  }
  session.log.add(std::move(event));
}

Task<void> connect_accepted(Session& session) {
  const Listening listening;
  session.start_peers(listening.address);
  const int accepted = ::accept4(listening.fd, nullptr, nullptr, SOCK_CLOEXEC);
  co_await session.loop.connect_accepted_socket(session.factory(session.scenario.protocol), accepted);
  Json event = main_event("connect_accepted_socket");
  event["ret"] = "transport, protocol";
  session.log.add(std::move(event));
  co_await wait_for_label(session, "CL", 1, milliseconds(5000));
  co_await pause(session, milliseconds(10));
}

std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

Task<void> bind_failure(Session& session) {
  const Listening taken;
  const std::vector<std::vector<std::string>> attempts{{"127.0.0.1"},
                                                       {"127.0.0.2", "127.0.0.3", "127.0.0.1", "127.0.0.4"}};
  for (const auto& hosts : attempts) {
    Json event = main_event("create_server", hosts);
    const std::ptrdiff_t before = open_descriptors();
    try {
      co_await session.loop.create_server(session.factory("A"), asio_style::Hosts(hosts), taken.address.port);
    } catch (const std::exception&) {
      event["raised"] = exception_json(std::current_exception());
    }
    event["fds_leaked"] = open_descriptors() - before;
    session.log.add(std::move(event));
  }
}

}  // namespace

Task<void> run_builtin(Session& session, const std::string& name) {
  static const std::map<std::string, Task<void> (*)(Session&)> table{
      {"soon", soon_order},         {"threadsafe", threadsafe},     {"zero", zero_delays},
      {"iter", one_iteration},      {"handler", exception_handler}, {"debug", debug_mode},
      {"signals", signal_handlers}, {"refused", refused},           {"connect_accepted", connect_accepted},
      {"bind_fail", bind_failure}};
  const auto found = table.find(name);
  if (found == table.end()) {
    throw HarnessError("unknown builtin '" + name +
                       "': the format does not describe it, it has to be added by hand");
  }
  return found->second(session);
}

}  // namespace antiphon::asyncio_replay
