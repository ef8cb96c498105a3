#include "operations.hpp"

namespace antiphon::conformance::cl_async {

void run_operation(Server& server, const Op& op, const SocketPtr& on) {
  for (const Operations* some :
       {&listener_operations(), &socket_operations(), &loop_operations(), &event_operations()}) {
    if (const auto found = some->find(op.name); found != some->end()) {
      found->second(server, op, on);
      return;
    }
  }
  throw HarnessError("operation '" + op.name + "' is known to the format, but not to this program");
}

}  // namespace antiphon::conformance::cl_async
