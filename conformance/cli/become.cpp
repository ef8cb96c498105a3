#include "become.hpp"

#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <system_error>

namespace antiphon::cli {

void become(std::vector<std::string> command) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  std::cerr << "antiphon: cannot run " << command[0] << ": " << std::generic_category().message(errno)
            << '\n';
}

}  // namespace antiphon::cli
