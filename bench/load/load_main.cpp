// antiphon-bench-load: the loads that wrk and h2load cannot make. Prints one JSON object with what the server
// used.

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <map>
#include <optional>

#include "descriptor_limit.hpp"
#include "loads.hpp"

namespace antiphon::bench {

namespace {

enum class Load { closed_loop, held, connection_per_request, download, upload, idle };

LoadResult run(Load load, const LoadOptions& options, const WatchedServer& server,
               const WarmedUp& warmed_up) {
  switch (load) {
    case Load::closed_loop:
      return closed_loop(options, warmed_up);
    case Load::held:
      return held_batches(options, server, warmed_up);
    case Load::connection_per_request:
      return connection_per_request(options, server, warmed_up);
    case Load::download:
      return download(options, warmed_up);
    case Load::upload:
      return upload(options, warmed_up);
    case Load::idle:
      idle_connections(options);
      break;
  }
  return {};
}

void report(Load load, const LoadOptions& options) {
  const WatchedServer server(options.pids, options.counts);
  WatchedServer::Use before;
  const LoadResult result = run(load, options, server, [&] { before = server.use(); });
  if (load == Load::idle) return;
  const WatchedServer::Use after = server.use();
  std::cout << R"({"requests": )" << result.requests << R"(, "octets": )" << result.octets
            << R"(, "seconds": )" << result.seconds << R"(, "cpu_ns": )" << after.cpu_ns - before.cpu_ns;
  for (std::size_t i = 0; i < counter_names.size() && !options.counts.empty(); ++i)
    std::cout << ", \"" << counter_names.at(i) << "\": " << after.counts.at(i) - before.counts.at(i);
  std::cout << "}\n";
}

}  // namespace

}  // namespace antiphon::bench

int main(int argc, char** argv) {
  using namespace antiphon::bench;
  const std::map<std::string, Load> loads{{"closed_loop", Load::closed_loop},
                                          {"held", Load::held},
                                          {"connection_per_request", Load::connection_per_request},
                                          {"download", Load::download},
                                          {"upload", Load::upload},
                                          {"idle", Load::idle}};
  CLI::App app("The loads that wrk and h2load cannot make", "antiphon-bench-load");
  LoadOptions options;
  Load load{};
  app.add_option("load", load, "What to do")->required()->transform(CLI::CheckedTransformer(loads));
  app.add_option("--port", options.port, "Of the server on loopback")->required();
  app.add_flag("--echo", options.echo, "An echo server, not HTTP");
  app.add_option("--connections", options.connections)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--requests", options.requests, "In all, after the warm-up")->capture_default_str();
  app.add_option("--warm", options.warm, "Of each connection, not measured")->capture_default_str();
  app.add_option("--size", options.size, "Octets of an echo, a download or an upload")->capture_default_str();
  app.add_option("--depth", options.depth, "Requests pipelined")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--pid", options.pids, "The server's processes");
  app.add_option("--counts", options.counts, "The file of antiphon-bench-server-counted");
  CLI11_PARSE(app, argc, argv);
  try {
    raise_descriptor_limit();
    report(load, options);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "antiphon-bench-load: " << error.what() << '\n';
    return 1;
  }
}
