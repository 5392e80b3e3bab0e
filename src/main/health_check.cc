#include "main/health_check.h"

#include <cstdio>

#include "service/fetch.h"

namespace gleaner::main_program {

int run_health_check(std::string at, const std::string& probe) {
  const auto scheme = at.find("://");
  if (scheme == std::string::npos) at.insert(0, "http://");
  if (at.find('?') == std::string::npos) {
    if (at.find('/', at.find("://") + 3) == std::string::npos) at += '/';
    at += '?' + probe;
  }
  const auto answer = service::ask(at);
  if (answer) std::fputs(answer->body.c_str(), stdout);
  if (answer && answer->status == 200) return 0;
  std::fprintf(stderr, "Error: %s: %s\n", at.c_str(),
               answer ? ("status " + std::to_string(answer->status)).c_str() : answer.error().what.c_str());
  return 1;
}

}  // namespace gleaner::main_program
