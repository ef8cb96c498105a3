#include "http_servers.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>

#include "antiphon/app.hpp"
#include "antiphon/asio_style/http/serve.hpp"
#include "antiphon/cl_async_style/http/serve.hpp"
#include "antiphon/tls/testing/certificates.hpp"
#include "leftovers.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): not in every unistd.h

namespace antiphon::http_conformance {

namespace {

using namespace std::chrono_literals;

http::ServerLimits limits_of(Limits which) {
  constexpr auto soon = 300ms;
  switch (which) {
    case Limits::usual:
    case Limits::stated:
      break;
    case Limits::short_ones:
      return {.request_timeout = soon,
              .body_timeout = soon,
              .keep_alive_timeout = soon,
              .response_timeout = soon};
    case Limits::patient_ones:
      return {.request_timeout = soon, .keep_alive_timeout = soon, .response_timeout = soon};
    case Limits::small_ones:
      return {.parser = {.body = 100}};
  }
  return {};
}

/// One of our servers, on a thread of its own.
class OwnServer final : public HttpServerUnderTest {
 public:
  using Listening = std::function<void(std::uint16_t)>;
  using Stopper = std::function<void(std::function<void()>)>;
  /// Serves until it is stopped, and returns an exit status.
  using Serve =
      std::function<int(const Listening&, const Stopper&, std::function<void(std::string_view)> log)>;

  OwnServer(Serve serve, bool over_tls) {
    address_.tls = over_tls;
    std::promise<std::uint16_t> listening;
    auto port = listening.get_future();
    thread_ = std::thread([this, serve = std::move(serve), &listening] {
      bool told = false;
      const auto tell = [&](std::uint16_t where) {
        told = true;
        listening.set_value(where);
      };
      serve(
          tell, [this](std::function<void()> stop) { stop_ = std::move(stop); }, [](std::string_view) {});
      if (!told) listening.set_value(0);
    });
    address_.port = port.get();
    if (address_.port == 0) {
      thread_.join();
      throw ServerError("it could not listen");
    }
  }
  ~OwnServer() override {
    stop_();
    thread_.join();
  }

 private:
  std::thread thread_;
  std::function<void()> stop_;
};

tls::Context make_tls() {
  const auto issued = tls::testing::CertificateAuthority().issue();
  tls::Context context(tls::Role::server);
  context.use_certificate_chain(issued.certificate, issued.key);
  return context;
}

std::unique_ptr<HttpServerUnderTest> start_asio(Limits limits, bool over_tls) {
  const auto serve = [limits, over_tls](const auto& listening, const auto& stopper, auto log) {
    asio_style::ServeOptions options;
    if (over_tls) options.server.ssl.emplace(make_tls());
    options.server.limits = limits_of(limits);
    options.server.log = log;
    options.graceful_timeout = 0ms;
    options.handle_signals = false;
    options.on_listening = listening;
    options.on_stopper = stopper;
    return asio_style::serve("127.0.0.1", 0, app(), std::move(options));
  };
  return std::make_unique<OwnServer>(serve, over_tls);
}

std::unique_ptr<HttpServerUnderTest> start_cl_async(Limits limits, bool over_tls) {
  const auto serve = [limits, over_tls](const auto& listening, const auto& stopper, auto log) {
    cl_async_style::serve_options options;
    if (over_tls) options.ssl.emplace().ssl_ctx = make_tls();
    options.limits = limits_of(limits);
    options.log = log;
    options.drain = 0ms;
    options.handle_signals = false;
    options.on_listening = listening;
    options.on_stopper = stopper;
    return cl_async_style::serve("127.0.0.1", 0, app(), std::move(options));
  };
  return std::make_unique<OwnServer>(serve, over_tls);
}

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(where);
  const bool bound = fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&where), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size) == 0;
  if (fd >= 0) ::close(fd);
  if (!bound) throw ServerError(std::string("no free port: ") + std::strerror(errno));
  return ntohs(where.sin_port);
}

/// A program that listens on a port which we choose.
class ChildServer final : public HttpServerUnderTest {
 public:
  /// `folder`, if any, goes with the server.
  ChildServer(std::vector<std::string> arguments, std::uint16_t port,
              std::unique_ptr<conformance::NotedFolder> folder = nullptr)
      : folder_(std::move(folder)), mark_(conformance::new_mark()) {
    address_.port = port;
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
      posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    std::vector<char*> environment;
    for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
    environment.push_back(mark_.data());
    environment.push_back(nullptr);
    int error = 0;
    child_ = conformance::Leftovers::here().start_group(mark_, [&] {
      pid_t id = -1;
      error = ::posix_spawnp(&id, argv[0], &actions, &attributes, argv.data(), environment.data());
      return error == 0 ? id : -1;
    });
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) throw ServerError(arguments[0] + " cannot be run: " + std::strerror(error));
    wait_until_it_listens(arguments[0]);
  }
  ~ChildServer() override { end(); }

 private:
  void wait_until_it_listens(const std::string& name) {
    for (int attempt = 0; attempt < 500; ++attempt) {
      try {
        const HttpClient probe(address_);
        return;
      } catch (const std::runtime_error&) {
        if (::waitpid(child_, nullptr, WNOHANG) == child_) {
          conformance::Leftovers::here().remove_group(std::exchange(child_, -1));
          break;
        }
        std::this_thread::sleep_for(20ms);
      }
    }
    end();
    throw ServerError(name + " does not listen");
  }
  void end() noexcept {
    if (child_ > 0) {
      ::kill(child_, SIGTERM);
      ::waitpid(child_, nullptr, 0);
      conformance::Leftovers::here().remove_group(std::exchange(child_, -1));
    }
  }

  pid_t child_ = -1;
  std::unique_ptr<conformance::NotedFolder> folder_;
  std::string mark_;
};

std::unique_ptr<HttpServerUnderTest> start_node(const std::filesystem::path& peers) {
  const std::uint16_t port = free_port();
  return std::make_unique<ChildServer>(
      std::vector<std::string>{"node", (peers / "node_app.js").string(), std::to_string(port)}, port);
}

std::unique_ptr<HttpServerUnderTest> start_nginx(const std::filesystem::path& peers) {
  const std::uint16_t port = free_port();
  auto made = std::make_unique<conformance::NotedFolder>();
  const std::filesystem::path& folder = made->path();
  std::ifstream in(peers / "nginx.conf");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  for (const auto& [word, value] :
       {std::pair<std::string, std::string>("@PORT@", std::to_string(port)), {"@FOLDER@", folder.string()}})
    for (std::size_t at; (at = text.find(word)) != std::string::npos;) text.replace(at, word.size(), value);
  std::ofstream(folder / "nginx.conf") << text;
  return std::make_unique<ChildServer>(std::vector<std::string>{"/usr/sbin/nginx", "-p", folder.string(),
                                                                "-c", (folder / "nginx.conf").string()},
                                       port, std::move(made));
}

/// Somebody's server, which neither begins nor ends with us.
class ForeignServer final : public HttpServerUnderTest {
 public:
  explicit ForeignServer(std::string name) {
    static constexpr std::string_view scheme = "https://";
    address_.tls = name.starts_with(scheme);
    if (address_.tls) name.erase(0, scheme.size());
    const std::size_t colon = name.rfind(':');
    if (colon == std::string::npos || colon == 0)
      throw std::invalid_argument("neither asio, cl-async, node, nginx nor HOST:PORT: '" + name + "'");
    address_.host = name.substr(0, colon);
    if (address_.host.starts_with('[') && address_.host.ends_with(']'))
      address_.host = address_.host.substr(1, address_.host.size() - 2);
    const std::string_view port = std::string_view(name).substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address_.port);
    if (error != std::errc() || end != port.data() + port.size() || address_.port == 0)
      throw std::invalid_argument("no port: '" + name + "'");
  }
};

}  // namespace

TargetKind target_kind(const std::string& name) {
  const std::string model = name.substr(0, name.rfind("-tls"));
  return {name, model == "asio" || model == "cl-async", name != "nginx", name != "asio-tls"};
}

std::unique_ptr<HttpServerUnderTest> start_server(const std::string& name, Limits limits,
                                                  const std::filesystem::path& peers) {
  const bool over_tls = name.ends_with("-tls");
  if (name == "asio" || name == "asio-tls") return start_asio(limits, over_tls);
  if (name == "cl-async" || name == "cl-async-tls") return start_cl_async(limits, over_tls);
  if (name == "node") return start_node(peers);
  if (name == "nginx") return start_nginx(peers);
  return std::make_unique<ForeignServer>(name);
}

ServersUnderTest::ServersUnderTest(const std::string& name, std::filesystem::path peers)
    : kind_(target_kind(name)), peers_(std::move(peers)) {}

bool ServersUnderTest::can_be_asked(const HttpCase& one) const {
  return (one.limits == Limits::usual || kind_.own) && (!one.needs_app || kind_.has_app) &&
         (!one.half_closes() || kind_.half_closes);
}

const Address& ServersUnderTest::address(const HttpCase& one) {
  const Limits limits = one.limits == Limits::stated ? Limits::usual : one.limits;
  auto& server = servers_[limits];
  if (!server) server = start_server(kind_.name, limits, peers_);
  return server->address();
}

}  // namespace antiphon::http_conformance
