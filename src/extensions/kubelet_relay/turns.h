#pragma once
// Few at a time; the others wait in the order they came.
#include "base/task.h"

namespace gleaner::extensions::kubelet_relay {

class Turns {
 public:
  explicit Turns(int at_once) : free_(at_once) {}
  Task<> take() {
    while (free_ == 0) co_await next_.wait();
    --free_;
  }
  void give() {
    ++free_;
    next_.notify_one();
  }

 private:
  int free_;
  Signal next_;
};

}  // namespace gleaner::extensions::kubelet_relay
