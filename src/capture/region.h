#pragma once
// Memory straight from the kernel: no heap, and pages that a burst touched can be given back.
#include <sys/mman.h>

#include <cstddef>

namespace gleaner::capture {

/// `size` bytes of zeroes; a page counts as used only after it is touched. data() is null when the kernel
/// refused.
class Region {
 public:
  explicit Region(std::size_t size) : size_(size) {
    void* got = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    data_ = got == MAP_FAILED ? nullptr : static_cast<char*>(got);
  }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  ~Region() {
    if (data_) ::munmap(data_, size_);
  }
  char* data() const { return data_; }
  std::size_t size() const { return size_; }
  /// Gives back what lies above `keep` bytes; its content is lost.
  void give_back(std::size_t keep) {
    keep = (keep + 4095) & ~std::size_t(4095);
    if (keep < size_) ::madvise(data_ + keep, size_ - keep, MADV_DONTNEED);
  }

 private:
  char* data_;
  std::size_t size_;
};

}  // namespace gleaner::capture
