#pragma once
// The documents a real kubelet and API server gave, for tests.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace gleaner::k8s::testing_support {

inline std::string recorded(const std::string& name) {
  std::ifstream file(std::string(GLEANER_TEST_DATA "/kubelet/") + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A folder that is gone with the test.
class Folder {
 public:
  Folder() {
    std::string made = (std::filesystem::temp_directory_path() / "gleaner-XXXXXX").string();
    path_ = ::mkdtemp(made.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, std::string_view text) const {
    std::string path = path_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace gleaner::k8s::testing_support
