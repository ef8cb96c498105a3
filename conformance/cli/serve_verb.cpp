// antiphon serve: the shared app in one of the two styles.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "antiphon/app.hpp"
#include "antiphon/asio_style/http/serve.hpp"
#include "antiphon/cl_async_style/http/serve.hpp"
#include "antiphon/tls/context.hpp"
#include "verbs.hpp"
#include "workers.hpp"

namespace antiphon::cli {

namespace {

struct Options {
  std::string style;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  unsigned workers = 1;
  int backlog = 1024;
  http::ServerLimits limits;
  std::chrono::milliseconds drain_timeout{15'000};
  std::string access_log;
  bool metrics = false;
  std::string tls_cert;
  std::string tls_key;
};

/// One line on standard output, so that a script can wait for it and learn the port.
std::function<void(std::uint16_t)> announce(const Options& options, const char* model) {
  const char* scheme = options.tls_cert.empty() ? "http" : "https";
  return [host = options.host, scheme, model](std::uint16_t port) {
    const bool v6 = host.find(':') != std::string::npos;
    std::printf("listening on %s://%s%s%s:%d (%s)\n", scheme, v6 ? "[" : "", host.c_str(), v6 ? "]" : "",
                port, model);
    std::fflush(stdout);
  };
}

/// What all workers share.
struct Shared {
  const Options& options;
  http::Router router = app();
  http::Telemetry telemetry{};
  std::optional<tls::Context> tls{};
};

int serve_asio(const Shared& shared, const Worker& worker) {
  const Options& options = shared.options;
  std::optional<asio_style::SSLContext> ssl;
  if (shared.tls) ssl.emplace(*shared.tls);
  return asio_style::serve(options.host, worker.port, shared.router,
                           {.server = {.backlog = options.backlog,
                                       .reuse_port = worker.reuse_port,
                                       .ssl = ssl,
                                       .limits = options.limits,
                                       .telemetry = shared.telemetry},
                            .graceful_timeout = options.drain_timeout,
                            .handle_signals = worker.handle_signals,
                            .on_listening = worker.on_listening,
                            .on_stopper = worker.on_stopper});
}
int serve_cl_async(const Shared& shared, const Worker& worker) {
  const Options& options = shared.options;
  std::optional<cl_async_style::ssl_parameters> ssl;
  if (shared.tls) ssl.emplace().ssl_ctx = shared.tls;
  return cl_async_style::serve(options.host, worker.port, shared.router,
                               {.backlog = options.backlog,
                                .reuse_port = worker.reuse_port,
                                .handle_signals = worker.handle_signals,
                                .drain = options.drain_timeout,
                                .ssl = ssl,
                                .limits = options.limits,
                                .telemetry = shared.telemetry,
                                .on_listening = worker.on_listening,
                                .on_stopper = worker.on_stopper});
}

/// "clf", "json", "clf:FILE", "json:FILE". The file stays open until the program ends.
std::shared_ptr<http::AccessLog> open_access_log(const std::string& text) {
  const std::size_t colon = text.find(':');
  std::FILE* file = stderr;
  if (colon != std::string::npos) {
    const std::string name = text.substr(colon + 1);
    file = std::fopen(name.c_str(), "ae");
    if (file == nullptr) {
      std::cerr << "antiphon: cannot open the access log " << name << ": " << std::strerror(errno) << '\n';
      return nullptr;
    }
  }
  const bool json = text.substr(0, colon) == "json";
  return std::make_shared<http::AccessLog>(
      json ? http::AccessLog::Format::json : http::AccessLog::Format::clf, file);
}

/// Throws tls::ContextError, which names the file.
tls::Context open_tls(const Options& options) {
  tls::Context context(tls::Role::server);
  context.load_certificate_chain(options.tls_cert, options.tls_key);
  context.set_alpn_protocols({"http/1.1"});
  return context;
}

Exit serve(const Options& options) {
  Shared shared{options};
  http::Telemetry& telemetry = shared.telemetry;
  if (options.metrics) {
    telemetry.metrics = std::make_shared<http::Metrics>();
    add_metrics_route(shared.router, telemetry.metrics);
  }
  if (!options.access_log.empty()) {
    telemetry.access_log = open_access_log(options.access_log);
    if (!telemetry.access_log) return Exit::failure;
  }
  if (!options.tls_cert.empty()) {
    try {
      shared.tls = open_tls(options);
    } catch (const tls::ContextError& error) {
      std::cerr << "antiphon: cannot serve over TLS: " << error.what() << '\n';
      return Exit::failure;
    }
  }
  const bool asio = options.style == "asio";
  const int status =
      run_workers(options.workers, options.port, announce(options, asio ? "asio_style" : "cl_async_style"),
                  [&](const Worker& worker) { return (asio ? serve_asio : serve_cl_async)(shared, worker); });
  if (telemetry.access_log) telemetry.access_log->flush();
  return status == 0 ? Exit::success : Exit::failure;
}

/// "300ms", "20s", "2m".
void add_time(CLI::App& verb, const std::string& name, std::chrono::milliseconds& value,
              const std::string& help) {
  static const std::map<std::string, std::int64_t> units{{"ms", 1}, {"s", 1'000}, {"m", 60'000}};
  verb.add_option_function<std::int64_t>(
          name, [&value](std::int64_t count) { value = std::chrono::milliseconds(count); }, help)
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::UNIT_REQUIRED, "TIME"))
      ->check(CLI::PositiveNumber)
      ->default_str(value.count() % 1'000 == 0 ? std::to_string(value.count() / 1'000) + "s"
                                               : std::to_string(value.count()) + "ms");
}

/// "8192", "16KiB", "100MB".
template <typename Number>
void add_size(CLI::App& verb, const std::string& name, Number& value, const std::string& help) {
  verb.add_option(name, value, help)
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

void add_limits(CLI::App& verb, Options& options) {
  http::ServerLimits& limits = options.limits;
  add_time(verb, "--request-timeout", limits.request_timeout,
           "For a request's head: 408 (as 300ms, 20s, 2m)");
  add_time(verb, "--body-timeout", limits.body_timeout, "Between two pieces of a body: 408");
  add_time(verb, "--keep-alive-timeout", limits.keep_alive_timeout, "Between two requests: closed");
  add_time(verb, "--response-timeout", limits.response_timeout, "For an answer to begin: 503");
  add_time(verb, "--linger-timeout", limits.linger_timeout, "For a client to read the last answer");
  add_time(verb, "--drain-timeout", options.drain_timeout, "For answers under way after a signal");
  add_size(verb, "--max-head", limits.parser.head, "Octets of a request's head: 431");
  add_size(verb, "--max-target", limits.parser.target, "Octets of a request's target: 414");
  add_size(verb, "--max-fields", limits.parser.fields, "Fields of a request: 431");
  add_size(verb, "--max-body", limits.parser.body, "Octets of a request's body: 413");
  add_size(verb, "--max-unwanted-body", limits.unwanted_body, "Octets of a body for nobody that are read");
  add_size(verb, "--max-linger", limits.linger_octets,
           "Octets behind the last answer that are read, so that it is");
  add_size(verb, "--max-pipelined", limits.pipelined, "Octets of requests kept while one is answered");
  add_size(verb, "--max-connections", limits.connections, "Connections at once, of each worker: 503");
}

}  // namespace

void add_serve_verb(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("serve", "Serve the shared app over HTTP until SIGINT or SIGTERM");
  verb->add_option("--style", options->style, "The model: asio or cl-async")
      ->required()
      ->check(CLI::IsMember({"asio", "cl-async"}));
  verb->add_option("--host", options->host, "The address to listen on")->capture_default_str();
  verb->add_option("--port", options->port, "The port; 0 takes a free one")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  verb->add_option("--workers", options->workers, "Threads, each with a loop of its own")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  verb->add_option("--backlog", options->backlog, "Connections that may wait to be accepted")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb->add_option("--access-log", options->access_log,
                   "A line for each answer: clf or json, or clf:FILE, json:FILE")
      ->check(CLI::Validator(
          [](const std::string& text) {
            const std::string kind = text.substr(0, text.find(':'));
            return kind == "clf" || kind == "json" ? std::string() : "neither clf nor json: " + text;
          },
          "FORMAT[:FILE]"));
  CLI::Option* cert = verb->add_option("--tls-cert", options->tls_cert,
                                       "HTTPS: a PEM file of the certificate, then those that vouch for it");
  CLI::Option* key = verb->add_option("--tls-key", options->tls_key, "A PEM file of its key, not encrypted");
  cert->needs(key);
  key->needs(cert);
  verb->add_flag("--metrics", options->metrics, "Serve /metrics, in Prometheus' text form");
  add_limits(*verb, *options);
  verb->callback([options, &chosen] { chosen = [options] { return serve(*options); }; });
}

}  // namespace antiphon::cli
