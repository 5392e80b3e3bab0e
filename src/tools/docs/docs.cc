// gleaner_docs [--check] DIR: writes what the field tables say into DIR, or says what there is out of date.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tools/docs/docs.h"

namespace {
namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  const bool check = argc == 3 && std::strcmp(argv[1], "--check") == 0;
  if (argc != 2 && !check) {
    std::fprintf(stderr, "usage: gleaner_docs [--check] DIR\n");
    return 2;
  }
  const fs::path root = argv[argc - 1];
  gleaner::tools::Files files;
  gleaner::tools::add_markdown(files);
  gleaner::tools::add_schema(files);
  int stale = 0;
  for (const auto& [name, text] : files) {
    if (content(root / name) == text) continue;
    ++stale;
    std::printf("%s %s\n", check ? "out of date:" : "written:", name.c_str());
    if (check) continue;
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name, std::ios::binary) << text;
  }
  // Pages of components that are gone.
  if (fs::exists(root / "components"))
    for (const auto& entry : fs::directory_iterator(root / "components")) {
      if (files.contains("components/" + entry.path().filename().string())) continue;
      ++stale;
      std::printf("no component: %s\n", entry.path().filename().c_str());
      if (!check) fs::remove(entry.path());
    }
  if (check && stale) std::printf("run ./dev docs\n");
  return check && stale ? 1 : 0;
}
